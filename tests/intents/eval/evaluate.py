#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How well sentences alone understand what people said: understanding in numbers.

evaluate.py --hear PROGRAM --sentences NAME=FOLDER[,FOLDER|FILE...] --house FILE DATA

DATA holds the folders home-assistant-datasets and hwu64 (see cases.py). Each set of sentences,
and a rule of key words beside them, hears both parts: the one that sentences were developed on
and the one that was held out. A call counts as exact where intent, device and value are right;
a wrong action costs ten times what a question costs, a question as much as silence. What
names no device where several fit, or a name that several have, can only be asked back.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import House, device_actions, hwu64                          # noqa: E402

# What changes nothing when it is misunderstood.
READING = {"HassGetState", "HassGetCurrentTime", "HassGetCurrentDate", "HassNevermind",
           "HassClimateGetTemperature", "HassGetWeather", "HassTimerStatus", "ReminderList",
           "HassVacuumLocate", "DesktopBattery", "DesktopWifiStatus", "DesktopTimeZone",
           "AssistantHelp", "HassRespond"}
# The devices that an intent is for where the sentence says neither name nor kind.
DOMAINS = {"HassLightSet": "light", "HassClimateSetTemperature": "climate",
           "HassClimateGetTemperature": "climate", "HassFanSetSpeed": "fan",
           "HassVacuumStart": "vacuum", "HassVacuumReturnToBase": "vacuum",
           "HassSetPosition": "cover", "HassVacuumStop": "vacuum", "HassVacuumPause": "vacuum",
           "HassLawnMowerStartMowing": "lawn_mower", "HassLawnMowerDock": "lawn_mower",
           "AlarmArm": "alarm_control_panel", "AlarmDisarm": "alarm_control_panel"}


class Call:
    def __init__(self, intent, slots, targets):
        self.intent, self.slots, self.targets = intent, slots, targets


def domain_of(intent, slots):
    if "domain" in slots:
        return slots["domain"]
    if intent.startswith("HassMedia") or intent.startswith("HassSetVolume"):
        return "media_player"
    return DOMAINS.get(intent)


def targets_of(intent, slots, house):
    """The devices that are meant, by what is said of them."""
    name, domain = slots.get("name"), domain_of(intent, slots)
    if name and name != "all":
        return {name}
    if name != "all" and not domain and "area" not in slots:
        return set()
    chosen = set()
    for device, (_, area, device_class) in house.devices.items():
        if ((not domain or device.split(".")[0] == domain)
                and slots.get("area", area).lower() == area.lower()
                and slots.get("device_class", device_class) == device_class):
            chosen.add(device)
    return chosen


def take(line, house):
    """A call from one line of the program, or None where it contradicts the house."""
    intent, *fields = line.split("\t")
    slots = dict(field.split("=", 1) for field in fields if "=" in field)
    device = house.devices.get(slots.get("name"))
    if device and slots.get("area", device[1]).lower() != device[1].lower():
        return None
    intent = intent.split("/")[0]
    return Call(intent, slots, targets_of(intent, slots, house))


def asks(call):
    """Whether the service asks back: nothing is meant, one of several, a time is missing."""
    if call.intent == "ReminderSet":
        return not {"hour", "hours", "minutes", "seconds", "day"} & set(call.slots)
    if call.intent.startswith(("Assistant", "Desktop", "Reminder")) or "Timer" in call.intent:
        return False
    one = ("quantity" in call.slots or domain_of(call.intent, call.slots) == "media_player"
           or call.intent == "HassClimateSetTemperature")
    return not call.targets or (one and len(call.targets) > 1)


def judge(case, calls):
    """exact, right (nothing was to be done), question, wrong, misread."""
    if len(calls) != 1:
        return "right" if case.silent else "question" if calls else "silent"
    call = calls[0]
    if any(right(call) for right in case.right):
        return "exact"
    if call.intent in READING:
        return "misread"
    if asks(call):
        return "right" if case.silent else "question"
    return "wrong"


def hear(program, house_file, folders, texts):
    """For each text: microseconds, lines of equally good matches."""
    out = subprocess.run([program, house_file, *folders], input="\n".join(texts) + "\n",
                         stdout=subprocess.PIPE, check=True, text=True).stdout.split("\n")
    answers, lines = [], []
    for line in out:
        if re.fullmatch(r"\d+\.\d", line):
            lines = []
            answers.append((float(line), lines))
        elif line:
            lines.append(line)
    return answers


class Sentences:
    def __init__(self, program, name, folders):
        self.program, self.name, self.folders = program, name, folders

    def calls(self, cases, house, folder):
        path = os.path.join(folder, "house.tsv")
        house.write(path)
        for case, (us, lines) in zip(cases, hear(self.program, path, self.folders,
                                                 [c.text for c in cases])):
            taken = [take(line, house) for line in lines]
            yield case, us, [call for call in taken if call]


class KeyWords:
    """The rule that is beside it: the longest name that is said, and the first verb."""
    name = "key words"
    verbs = [(r"\b(unlock)\b", "HassTurnOff"), (r"\b(lock)\b", "HassTurnOn"),
             (r"\b(unpause|resume|continue|play)\b(?!.*(next|previous))", "HassMediaUnpause"),
             (r"\bpause\b", "HassMediaPause"), (r"\b(next|skip)\b", "HassMediaNext"),
             (r"\bprevious\b|\bback\b", "HassMediaPrevious"),
             (r"\bvolume\b|quieter|louder", "HassSetVolume"),
             (r"\bbright|\bdim|%", "HassLightSet"), (r"degrees|temperature",
                                                     "HassClimateSetTemperature"),
             (r"\b(off|close|shut|stop)\b", "HassTurnOff"),
             (r"\b(on|open|start)\b", "HassTurnOn")]
    slots = {"HassSetVolume": "volume_level", "HassLightSet": "brightness",
             "HassClimateSetTemperature": "temperature"}

    def calls(self, cases, house, _folder):
        names = sorted(((n.lower(), d) for d, (all_names, _, _) in house.devices.items()
                        for n in all_names), key=lambda pair: -len(pair[0]))
        for case in cases:
            text = case.text.lower()
            intent = next((i for verb, i in self.verbs if re.search(verb, text)), None)
            target = next((d for n, d in names if n in text), None)
            number = re.search(r"\d+", text)
            slots = {"name": target} if target else {}
            if number and intent in self.slots:
                slots[self.slots[intent]] = number.group()
            yield case, 0.0, [Call(intent, slots, {target})] if intent and target else []


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def row(name, verdicts, times):
    n = len(verdicts)
    count = collections.Counter(verdicts)
    good = count["exact"] + count["right"]
    cost = n - good - count["wrong"] + 10 * count["wrong"]
    answered = count["exact"] + count["wrong"] + count["misread"]
    return (f"| {name} | {n} | {100 * good / n:.1f} | {100 * answered / n:.1f} | "
            f"{count['wrong']} ({100 * count['wrong'] / n:.2f}) | {count['misread']} | "
            f"{count['question']} | {count['silent']} | {cost / n:.3f} | "
            f"{percentile(times, .5):.0f} | {percentile(times, .99):.0f} |")


def measure(hearer, cases, houses, folder, misses):
    """Rows by kind: {(part, kind): (verdicts, times)}."""
    rows = collections.defaultdict(lambda: ([], []))
    by_house = collections.defaultdict(list)
    for case in cases:
        by_house[case.house].append(case)
    for house, said in by_house.items():
        for case, us, calls in hearer.calls(said, houses[house], folder):
            verdict = judge(case, calls)
            part = "held out" if case.held_out else "developed on"
            for kind in ("all", case.kind):
                verdicts, times = rows[part, kind]
                verdicts.append(verdict)
                times.append(us)
            # Those of the part that is held out are never shown.
            if not case.held_out and verdict not in ("exact", "right"):
                for call in calls or [None]:
                    misses.append((hearer.name, verdict, case.house, case.kind, case.text,
                                   f"{call.intent} {call.slots}" if call else ""))
    return rows


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    p.add_argument("--hear", required=True)
    p.add_argument("--sentences", action="append", default=[])
    p.add_argument("--house", required=True)
    p.add_argument("--misses", help="write what was not understood of the developed part here")
    p.add_argument("data")
    args = p.parse_args()
    english = House.read(args.house)
    # Names that the sentences of HWU64 use for things that this house has, as aliases.
    english.devices["switch.tv_plug"][0].extend([
        "smart plug", "smart socket", "smart plug socket", "plug socket", "wemo", "wemo plug",
        "wemo socket", "wemo plug socket"])
    english.devices["vacuum.rosie"][0].append("roomba")
    cases, houses = device_actions(os.path.join(args.data, "home-assistant-datasets"))
    houses["english"] = english
    sets = {"home-assistant-datasets": cases,
            "hwu64": hwu64(os.path.join(args.data, "hwu64"), english)}
    hearers = [KeyWords()] + [Sentences(args.hear, *(s.split("=", 1)[0],
                              s.split("=", 1)[1].split(","))) for s in args.sentences]
    misses = []
    with tempfile.TemporaryDirectory() as folder:
        for name, cases in sets.items():
            for hearer in hearers:
                rows = measure(hearer, cases, houses, folder, misses)
                print(f"\n### {name}, {hearer.name}\n\n| part: kind | sentences | exact % | "
                      "answered % | wrong actions (%) | misread | asked back | silent | cost | "
                      "p50 µs | p99 µs |\n|---|---|---|---|---|---|---|---|---|---|---|")
                for (part, kind), (verdicts, times) in sorted(rows.items()):
                    print(row(f"{part}: {kind}", verdicts, times))
    if args.misses:
        with open(args.misses, "w", encoding="utf-8") as f:
            f.writelines("\t".join(m) + "\n" for m in misses)


if __name__ == "__main__":
    main()
