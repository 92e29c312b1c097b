# SPDX-License-Identifier: MIT
"""Sentences of public data sets as cases: what is said, in which house, and what is right.

Which part is held out was decided before any of it was looked at: a sentence whose words,
lower-cased and joined by one blank, have a SHA-256 that begins with a multiple of five (of its
first 32 bits, big endian). Sentences and templates are developed on the rest alone.
"""
import glob
import hashlib
import json
import os
import re

import yaml


def held_out(text):
    words = " ".join(re.findall(r"[\w']+", text.lower()))
    return int(hashlib.sha256(words.encode()).hexdigest()[:8], 16) % 5 == 0


class Case:
    """@right: calls any of which is right, as functions of an understood call; @silent: doing
    nothing is right (too). @kind is the row of the table."""

    def __init__(self, house, text, kind, right, silent=False):
        self.house, self.text, self.kind = house, text, kind
        self.right, self.silent = right, silent
        self.held_out = held_out(text)


class House:
    """Devices {id: (names, area, device class)} and areas {name: floor}."""

    def __init__(self):
        self.devices, self.areas = {}, {}

    @classmethod
    def read(cls, path):
        house = cls()
        with open(path, encoding="utf-8") as f:
            for line in f:
                fields = line.rstrip("\n").split("\t") + [""] * 3
                if fields[0] == "area":
                    house.areas[fields[1]] = fields[2]
                elif fields[0] and fields[0][0] != "#":
                    house.devices[fields[0]] = (fields[1].split("|"), fields[2], fields[3])
        return house

    def write(self, path):
        with open(path, "w", encoding="utf-8") as f:
            for area, floor in self.areas.items():
                f.write(f"area\t{area}\t{floor}\n")
            for name, (names, area, device_class) in self.devices.items():
                f.write(f"{name}\t{'|'.join(names)}\t{area}\t{device_class}\n")


# Homes of allenporter/home-assistant-datasets: device-actions-v2 has sentences with the action
# that each asks for, of a device of the home; device-actions-v2-fixtures the homes' entities.

def unique(entity, area):
    """The data have one id in several areas."""
    return f"{entity}@{area}"


def home_of(path):
    with open(path, encoding="utf-8") as f:
        data = yaml.safe_load(f)
    house = House()
    names = {area["id"]: area["name"] for area in data["areas"]}
    for area in data["areas"]:
        house.areas[area["name"]] = area.get("floor") or ""
    for entity in data["entities"]:
        device_class = (entity.get("attributes") or {}).get("device_class") or ""
        area = names.get(entity.get("area"), "")
        house.devices[unique(entity["id"], area)] = ([entity["name"]], area,
                                                     device_class.split(".")[-1].lower())
    return house


AMOUNTS = [("all the way up", 100), ("three quarters", 75), ("half", 50), ("quarter", 25),
           ("fully closed", 0), ("close.*fully", 0), ("full", 100), ("max", 100), ("min", 1)]


def amount(text):
    """The number that is said, or what a word says for it."""
    found = re.search(r"\d+(\.\d+)?", text)
    if found:
        return float(found.group())
    for words, value in AMOUNTS:
        if re.search(words, text):
            return value
    return None


def direction(text):
    if re.search(r"\b(brighter|louder|warmer|up|increase|raise|brighten)\b", text):
        return 1
    if re.search(r"\b(dimmer|darker|quieter|cooler|colder|down|decrease|lower|dim|reduce)\b",
                 text):
        return -1
    return 0


def stepped(call, slot, sign):
    value = call.slots.get(slot, "")
    return value == ("up" if sign > 0 else "down") or (
        re.fullmatch(r"-?\d+(\.\d+)?", value) is not None and float(value) * sign > 0)


def valued(intent, slot, step, entity, text):
    """Right calls for a level: a number, or more or less of it. None where neither is said."""
    value, sign = amount(text), direction(text)
    relative = re.search(r"\bby\b", text) or (
        value is not None and re.search(r"(brighter|dimmer|darker|louder|quieter)", text))
    if value is not None and not relative:
        return lambda c: (c.intent == intent and c.targets == {entity}
                          and slot in c.slots and float(c.slots[slot]) == value)
    if sign and step:
        return lambda c: c.targets == {entity} and stepped(c, step, sign) and c.intent in (
            intent, intent + "Relative")
    return None


PLAIN = {
    "Turn on": "HassTurnOn", "Turn off": "HassTurnOff", "Open": "HassTurnOn",
    "Close": "HassTurnOff", "Lock": "HassTurnOn", "Unlock": "HassTurnOff",
    "Pause": "HassMediaPause", "Unpause": "HassMediaUnpause", "Next track": "HassMediaNext",
    "Previous track": "HassMediaPrevious", "Start": "HassVacuumStart",
    "Return to base": "HassVacuumReturnToBase",
}
LEVELS = {
    "Set brightness": ("HassLightSet", "brightness", "brightness_step"),
    "Set volume": ("HassSetVolume", "volume_level", "volume_step"),
    "Set temperature": ("HassClimateSetTemperature", "temperature", "temperature_step"),
    "Set position": ("HassSetPosition", "position", None),
}


def right_action(action, entity, text):
    if action in PLAIN:
        intent = PLAIN[action]
        return lambda c: c.intent == intent and c.targets == {entity}
    return valued(*LEVELS[action], entity, text)


def read_fixture(folder, home, device):
    path = os.path.join(folder, "device-actions-v2-fixtures", home,
                        device["device_type"] + ".yaml")
    with open(path, encoding="utf-8") as f:
        tests = yaml.safe_load(f)["tests"]
    return next(unique(t["entity_id"], t["area"] or "") for t in tests
                if t["device"] == device["name"] and t["area"] == device.get("area"))


def device_actions(folder):
    """Cases, and the houses by name. Sentences with a hole left in them are not counted."""
    cases, houses = [], {}
    for path in sorted(glob.glob(os.path.join(folder, "device-actions-v2", "*", "*.yaml"))):
        home = path.split(os.sep)[-2]
        if home not in houses:
            houses[home] = home_of(os.path.join(folder, "device-actions-v2-fixtures", home,
                                                "_fixtures.yaml"))
        with open(path, encoding="utf-8") as f:
            data = yaml.safe_load(f)
        entity = read_fixture(folder, home, data["device"])
        for action in data["actions"]["actions"]:
            for text in action["sentences"]:
                # Digits of a name are no amount.
                right = right_action(action["action"], entity, text.lower().replace(
                    data["device"]["name"].lower(), ""))
                if right and "[" not in text:
                    cases.append(Case(home, text, entity.split(".")[0], [right]))
    return cases, houses


# HWU64 (xliuhw/NLU-Evaluation-Data): what people typed to an assistant, with scenario, intent
# and spans. Its houses are unknown: it is heard in that of the table of English sentences.

def any_of(*intents, **wanted):
    """A call of one of @intents whose slots are as @wanted: a value, or a test of it."""
    def right(call):
        return call.intent in intents and all(
            test(call.slots.get(slot)) if callable(test) else call.slots.get(slot) == test
            for slot, test in wanted.items())
    return right


PLAYING = any_of("HassMediaUnpause", "HassMediaNext", "HassMediaPrevious", "HassMediaPause",
                 "HassMediaSearchAndPlay", "HassTurnOn")


def of_lights(intent):
    return lambda c: c.intent == intent and (
        c.slots.get("domain") == "light" or c.slots.get("name", "").startswith("light."))


def spans(annotated):
    return dict(re.findall(r"\[(\w+) : ([^\]]+)\]", annotated))


HOURS = "twelve one two three four five six seven eight nine ten eleven".split()


def at_time(annotated):
    """Tests of the hour where the time is said simply ("seven am", "5 pm")."""
    said = re.fullmatch(r"(\w+)( am| pm)?", spans(annotated).get("time", ""))
    if not said or said.group(1) not in HOURS:
        return {}
    hours = {str(HOURS.index(said.group(1)))} | ({"12"} if said.group(1) == "twelve" else set())
    return {"hour": lambda v: v in hours}


def right_alarm(row):
    return any_of("ReminderSet", **at_time(row["annotated"]))


def right_light(row):
    colours = re.findall("white|black|red|orange|yellow|green|blue|purple|brown|pink|turquoise",
                         row["text"])
    if colours:
        return any_of("HassLightSet", color=lambda v: v in colours or v is None)
    return any_of("HassLightSet")


def right_cancel(row):
    several = re.search(r"\ball\b|alarms", row["text"])
    return any_of("ReminderCancelAll") if several else any_of("ReminderCancel")


def louder(sign):
    return [lambda c: c.intent == "HassSetVolumeRelative" and stepped(c, "volume_step", sign),
            any_of("HassSetVolume"), any_of("HassMediaPlayerUnmute" if sign > 0 else
                                            "HassMediaPlayerMute")]


def brighter(sign):
    return [lambda c: c.intent == "HassLightSet" and stepped(c, "brightness_step", sign),
            any_of("HassLightSet", brightness=lambda v: v is not None),
            of_lights("HassTurnOn" if sign > 0 else "HassTurnOff")]


def placed(row, rights, areas):
    """A place of the house that is said must be the one that is meant."""
    place = spans(row["annotated"]).get("house_place")
    if place not in areas:
        return rights
    return [lambda c, r=r: r(c) and c.slots.get("area") == place for r in rights]


def hwu64_right(row, areas):
    """Right calls of a row, and whether silence is right (too)."""
    key, said = f"{row['scenario']}/{row['intent']}", spans(row["annotated"])
    if key == "datetime/query":
        far = {"place_name", "time_zone", "event_name", "person"} & set(said)
        return ([], True) if far else (
            [any_of("HassGetCurrentTime", "HassGetCurrentDate")], "date" in said)
    if key == "play/music":
        return [PLAYING], bool(said)
    if key == "music/settings":
        return [any_of("HassMediaNext", "HassMediaPrevious", "HassMediaStop")], True
    rights = {
        "alarm/set": lambda: [right_alarm(row)],
        "alarm/query": lambda: [any_of("ReminderList")],
        "alarm/remove": lambda: [right_cancel(row)],
        "audio/volume_mute": lambda: [any_of("HassMediaPlayerMute", "HassMediaPause",
                                             "HassMediaStop", "DesktopQuiet")],
        "audio/volume_up": lambda: louder(1), "audio/volume_down": lambda: louder(-1),
        "iot/hue_lightoff": lambda: [of_lights("HassTurnOff")],
        "iot/hue_lighton": lambda: [of_lights("HassTurnOn"), any_of("HassLightSet")],
        "iot/hue_lightup": lambda: brighter(1), "iot/hue_lightdim": lambda: brighter(-1),
        "iot/hue_lightchange": lambda: [right_light(row)],
        "iot/cleaning": lambda: [any_of("HassVacuumStart")],
        "iot/wemo_on": lambda: [any_of("HassTurnOn")],
        "iot/wemo_off": lambda: [any_of("HassTurnOff")],
        "iot/coffee": lambda: [any_of("HassTurnOn", name="switch.coffee")],
    }
    if key in rights:
        return placed(row, rights[key](), areas), False
    rights = {
        "general/commandstop": any_of("HassNevermind", "HassMediaStop", "HassMediaPause",
                                      "HassMediaPlayerMute"),
        "general/negate": any_of("HassNevermind"),
        "calendar/set": any_of("ReminderSet"), "calendar/query": any_of("ReminderList"),
        "calendar/remove": any_of("ReminderCancel", "ReminderCancelAll"),
        "lists/createoradd": any_of("HassListAddItem", "HassShoppingListAddItem"),
        "lists/remove": any_of("HassListCompleteItem", "HassShoppingListCompleteItem"),
        "weather/query": any_of("HassGetWeather", "HassClimateGetTemperature"),
        "play/podcasts": PLAYING, "play/audiobook": PLAYING, "play/radio": PLAYING,
    }
    return [rights[key]] if key in rights else [], True


def hwu64(folder, house):
    cases = []
    with open(os.path.join(folder, "train.jsonl"), encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            right, silent = hwu64_right(row, house.areas)
            kind = "nothing of ours" if silent else row["scenario"]
            cases.append(Case("english", row["text"], kind, right, silent))
    return cases
