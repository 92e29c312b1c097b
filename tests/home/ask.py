#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What was said before, several commands at once, questions and their answers, names that the
user gives; and that all of it is there again after a restart."""
import json
import shutil
import subprocess
import tempfile
import time

import house
from house import EMPTY, ask, devices, go_on as say, settle, state, wait_state
from harness import PATIENCE, ctl, fails, wait_for
import agent
import flatpak
import dbus

INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
LAMPS = ("light.desk_lamp", "light.hall_lamp", "light.bed_lamp")


def calls(results):
    return [(str(a["tool"]), json.loads(a["arguments"])) for a in results["actions"]]


def choices(results):
    return {str(c["title"]): str(c["id"]) for c in results["choices"]}


def all_off(service):
    say(service, "turn off all the lights")
    for lamp in LAMPS:
        wait_state(service, lamp, "off")


def test_several_commands_in_one_sentence(service, _):
    all_off(service)
    say(service, "turn on the desk lamp and the hall lamp", "Desk Lamp", "Hall Lamp",
        kind="action")
    assert state(service, LAMPS[0]) == state(service, LAMPS[1]) == "on"
    got = say(service, "turn off the hall lamp and open the blind, then dim the desk lamp to 30 %")
    assert calls(got) == [("home/turn_off", {"entity": "light.hall_lamp"}),
                          ("home/open", {"entity": "cover.blind"}),
                          ("home/turn_on", {"entity": "light.desk_lamp", "brightness": 30})], got
    got = say(service, "turn on the bed lamp and turn it off")
    assert calls(got)[1] == ("home/turn_off", {"entity": "light.bed_lamp"}), got
    # All of it is understood, or nothing is done.
    say(service, "turn on the hall lamp and sing a song", kind="question")
    assert state(service, "light.hall_lamp") == "off"
    say(service, "what time is it and close the blind", "It is ", "Blind is closed")


def test_what_was_meant_before(service, _):
    all_off(service)
    say(service, "turn on the desk lamp", "Desk Lamp is on")
    # Another request's words decide here, so the user is asked.
    with agent.Process("yes") as yes:
        say(service, "turn it off", "Desk Lamp is off")
        say(service, "and the hall lamp?", "Hall Lamp was off already")
        say(service, "turn on the lights in the study", "Desk Lamp is on")
        say(service, "and the bedroom?", "Bed Lamp is on")
        say(service, "turn on the desk lamp and the hall lamp", "Hall Lamp is on")
        say(service, "turn them off", "Desk Lamp and Hall Lamp are off")
        assert len(yes.asked) == 4, yes.asked
    # Where the place says enough, "it" is no thing.
    got = say(service, "make it brighter", area="Bedroom")
    assert [a["entity"] for _, a in calls(got)] == ["light.bed_lamp"], got
    say(service, "toggle the hall lamp", "Hall Lamp is on")
    say(service, "toggle the hall lamp", "Hall Lamp is off")
    # What could be said of a text is said of the lamp, where there is no text.
    got = say(service, "make it warmer", dry_run=True)
    assert calls(got)[0][1]["entity"] == "light.hall_lamp", got
    say(service, "make it warmer", "Which text", kind="question", conversation=None)
    # In a conversation of its own "it" is nothing.
    say(service, "turn it on", "What do you mean", kind="question", conversation=None)
    # A question tells nothing to others, and acts on nothing.
    say(service, "is the desk lamp on", "No, Desk Lamp is off")
    say(service, "is it on", "No, Desk Lamp is off")


def test_a_question_has_choices(service, _):
    all_off(service)
    got = say(service, "turn on the lamp", kind="question", conversation=None)
    assert set(choices(got)) == {"Desk Lamp", "Hall Lamp", "Bed Lamp"}, got
    here = str(got["conversation"])
    say(service, "the desk one", "Desk Lamp is on", conversation=here)
    with agent.Process("yes"):
        say(service, "turn the other one on", "Which one", kind="question", conversation=here)
    # It is answered: nothing is left to choose from.
    say(service, "x", "nothing to choose from", kind="question", conversation=here,
        choose="light.desk_lamp")
    got = say(service, "turn on the lamp", kind="question", conversation=here)
    say(service, "x", "was not among the choices", conversation=here, choose="light.moon")
    say(service, "x", "Hall Lamp is on", conversation=here,
        choose=choices(got)["Hall Lamp"])
    got = say(service, "turn off the lamp", kind="question", conversation=here)
    # Another command is another command.
    say(service, "turn off the desk lamp", "Desk Lamp is off", conversation=here)
    say(service, "the hall one", kind="question", conversation=here)
    assert state(service, "light.hall_lamp") == "on"
    # The place where it is said answers the question.
    say(service, "turn on the lamp", "Bed Lamp is on", area="Bedroom", conversation=None)
    got = say(service, "turn off the lamp", conversation="0" * 32)
    assert "this is a new one" in str(got["warnings"][0]), got


def test_the_other_one(service, _):
    all_off(service)
    settle(service, "light.hall_lamp", {"hidden": True})
    say(service, "turn on the desk lamp", "Desk Lamp is on")
    with agent.Process("yes"):
        say(service, "turn the other one on", "Bed Lamp is on")
        say(service, "turn off the other lamp", "Desk Lamp is off")
    # What is hidden is not reached by a tool either.
    said = ctl(service, "tool", "call", "home/turn_on", '{"entity": "light.hall_lamp"}', status=1)
    assert "hidden" in said and state(service, "light.hall_lamp") == "off", said
    settle(service, "light.hall_lamp", {"hidden": False})
    settle(service, "light.bed_lamp", {"area": "Study"})
    say(service, "turn on the desk lamp", "Desk Lamp is on")
    with agent.Process("yes"):
        say(service, "turn off the other one", "Bed Lamp is off")
    settle(service, "light.bed_lamp", {"area": "Bedroom"})
    say(service, "turn off the desk lamp")


def test_two_of_one_name(service, _):
    for lamp, area in (("light.desk_lamp", "Study"), ("light.bed_lamp", "Bedroom")):
        settle(service, lamp, {"add_aliases": dbus.Array(["Reading Light"], signature="s")})
    all_off(service)
    got = say(service, "turn on the reading light", kind="question")
    assert len(got["choices"]) == 2, got
    say(service, "the bed lamp", "Bed Lamp is on")
    say(service, "turn on the reading light", "Desk Lamp is on", area="Study")
    for lamp in ("light.desk_lamp", "light.bed_lamp"):
        settle(service, lamp, {"remove_aliases": dbus.Array(["Reading Light"], signature="s")})
    fails(INVALID, settle, service, "light.bed_lamp",
          {"remove_aliases": dbus.Array(["Reading Light"], signature="s")})


def test_a_name_that_nobody_knows(service, _):
    all_off(service)
    say(service, "turn on the moon not", "did not understand", kind="question")
    say(service, "turn on the moon", "nothing that is called moon", kind="question")
    say(service, "the desk lamp", "Desk Lamp is called moon, too", "Desk Lamp is on")
    say(service, "turn off the moon", "Desk Lamp is off")
    assert "moon" in devices(service)["light.desk_lamp"]["aliases"]
    # It was the wrong one: the name goes to the other.
    with agent.Process("yes"):
        say(service, "no, I meant the hall lamp", "Hall Lamp is called moon, too")
    assert "moon" not in devices(service)["light.desk_lamp"]["aliases"]
    say(service, "turn on the moon", "Hall Lamp is on")
    say(service, "call the hall lamp sun", "Hall Lamp is called sun, too")
    assert list(devices(service)["light.hall_lamp"]["aliases"]) == ["moon", "sun"]
    assert "sun" in ctl(service, "home", "show", "light.hall_lamp")
    ctl(service, "home", "unalias", "light.hall_lamp", "sun")
    ctl(service, "home", "unalias", "light.hall_lamp", "moon")
    say(service, "turn off the moon", kind="question")
    # A whole command is no answer, and what is a place is no thing that is not known.
    say(service, "dim the desk lamp to 30 %", "Desk Lamp is on at 30 %")
    assert not devices(service)["light.desk_lamp"]["aliases"]
    say(service, "open the study", "did not understand", kind="question")
    say(service, "what is on in the study", kind="question")
    say(service, "never mind", "All right")


def test_no_is_no(service, _):
    """What is left of a sentence without its "not" is not what was said."""
    all_off(service)
    for text in ("turn on the desk lamp", "turn it on"):
        with agent.Process("yes"):
            say(service, text, "Desk Lamp")
        for no in ("don't turn on the hall lamp", "not the hall lamp", "and not the bedroom",
                   "never turn on the hall lamp", "please don't turn the hall lamp on"):
            say(service, no, "did not understand", kind="question")
    # What is asked about is not answered by the command before.
    say(service, "turn off the lamp", kind="question")
    say(service, "the blind", "did not understand", kind="question")
    say(service, "never mind")
    assert state(service, "light.hall_lamp") == state(service, "light.bed_lamp") == "off"


def test_questions_about_the_home(service, _):
    all_off(service)
    say(service, "which lights are on", "None.", kind="text")
    say(service, "turn on the desk lamp and the bed lamp")
    say(service, "how many lights are on", "2: ")
    say(service, "are all the lights on", "No: Hall Lamp is not.")
    say(service, "are any lights on in the bedroom", "Yes: Bed Lamp.")
    say(service, "is the blind open", "No, Blind is closed.")
    say(service, "are any lights on in the study and is the blind open", "Yes: Desk Lamp.",
        "No, Blind is closed.")
    say(service, "what is today's date", time.strftime("%Y"))


def test_places(service, _):
    ctl(service, "home", "area", "Study", "floor=First Floor", "alias=office")
    ctl(service, "home", "set", "light.bed_lamp", "floor=First Floor")
    assert "First Floor" in ctl(service, "home", "areas")
    all_off(service)
    say(service, "turn on the lights in the office", "Desk Lamp is on")
    say(service, "turn off the lights on the first floor", "Desk Lamp", "Bed Lamp")
    assert state(service, "light.desk_lamp") == "off"
    settle(service, "light.desk_lamp", {"hidden": True})
    say(service, "turn on the lights in the study", kind="question")
    say(service, "turn on the desk lamp", kind="question")
    say(service, "which lights are off", "Hall Lamp")
    settle(service, "light.desk_lamp", {"hidden": False})
    set_area = service.interface("Home1").SetArea
    for name, settings in (("", {}), ("[a]", {}), ("Attic", {"area": "x"}),
                           ("Attic", {"aliases": "x"}), ("Attic", {"floor": dbus.UInt32(1)})):
        fails(INVALID, set_area, name, dbus.Dictionary(settings, signature="sv"))
    ctl(service, "home", "area", "Study", "floor=")
    assert "Attic" not in ctl(service, "home", "areas")


def test_how_it_is_understood(service, _):
    all_off(service)
    got = say(service, "turn on the desk lamp and the hall lamp", explain=True,
              conversation=None)
    assert [c for c, _ in calls(got)] == ["home/turn_on"] * 2, got
    assert {str(a["outcome"]) for a in got["actions"]} == {"not_run"}
    first = got["explanation"][0]
    assert str(first["intent"]) == "HassTurnOn" and int(first["line"]) > 0, first
    slots = {s["name"]: s for s in json.loads(first["slots"])}
    name = slots["name"]
    assert name["value"] == "light.desk_lamp", slots
    assert str(first["text"])[name["start"]:name["end"]] == "desk lamp", (first, name)
    assert state(service, "light.desk_lamp") == "off"
    out = ctl(service, "intent", "dim", "the", "desk", "lamp", "to", "30", "%")
    assert "HassLightSet" in out and ".yaml:" in out and "brightness = 30" in out, out
    assert 'would call home/turn_on {"brightness":30,"entity":"light.desk_lamp"}' in out, out
    more = ctl(service, "intent", "--explain", "turn on the desk lamp")
    assert len(more) >= len(ctl(service, "intent", "turn on the desk lamp"))
    ctl(service, "intent", "sing a song")
    ctl(service, "intent", status=2)
    ctl(service, "intent", "undo that")
    assert state(service, "light.desk_lamp") == "off"
    # It leaves nothing behind: "it" is not what was explained.
    say(service, "turn it on", "What do you mean", conversation=str(got["conversation"]))


def test_what_applications_show(service, _):
    """The option `entities`: they can be asked about, and are outside text."""
    shown = dbus.Array([dbus.Dictionary({"id": "door-1", "type": "lock", "name": "Shop Door",
                                         "data": '{"state": "locked"}'}, signature="sv")],
                       signature="a{sv}")
    say(service, "is the shop door locked", "Yes, Shop Door is locked.", entities=shown)
    say(service, "is the shop door locked", kind="question")
    data = json.dumps({"text": "The meeting is on Friday at ten. Bring the slides with you."})
    mail = dbus.Array([dbus.Dictionary({"id": "mail-1", "type": "mail", "name": "Meeting",
                                        "data": data}, signature="sv")], signature="a{sv}")
    code, _, said = ask(service, "summarize this", entities=mail)
    assert code == 0 and "The meeting is on Friday at ten." in said, said
    say(service, "summarize this", "Which text?", kind="question")
    # What is offered under the id of a device is not that device.
    same = dbus.Array([dbus.Dictionary({"id": "light.desk_lamp", "type": "light",
                                        "name": "Sesame"}, signature="sv")], signature="a{sv}")
    say(service, "turn off sesame", kind="question", entities=same)
    wrong = dbus.Array([dbus.Dictionary({"name": "x"}, signature="sv")], signature="a{sv}")
    fails(INVALID, ask, service, "is the shop door locked", entities=wrong)
    # Nor can it name several, everything, or what was meant last; no name moves a terminal.
    for keys in ({"id": "x\nlight.desk_lamp"}, {"id": "all"}, {"id": "=it"}, {"name": "a\x1b[2J"}):
        wrong = dbus.Array([dbus.Dictionary({"id": "a", "name": "Sesame", **keys},
                                            signature="sv")], signature="a{sv}")
        fails(INVALID, ask, service, "turn off sesame", entities=wrong)


def publish(home, topic, payload):
    subprocess.run(["mosquitto_pub", "--unix", home.socket, "-r", "-q", "1", "-t", topic, "-m",
                    payload if isinstance(payload, str) else json.dumps(payload)], check=True)


def test_questions_about_sensors(service, home):
    if not shutil.which("mosquitto_pub"):
        print("   left out: mosquitto_pub is not installed")
        return
    for kind, key, more in (
            ("binary_sensor", "kw", {"name": "Kitchen Window", "device_class": "window"}),
            ("sensor", "kt", {"name": "Kitchen Thermometer", "device_class": "temperature",
                              "unit_of_measurement": "°C"}),
            ("lock", "fd", {"name": "Front Door", "command_topic": "t/fd/set"}),
            ("sensor", "lost", {"name": "Lost Sensor", "device_class": "humidity",
                                "availability_topic": "t/lost/here"})):
        publish(home, f"homeassistant/{kind}/{key}/config",
                dict(more, state_topic=f"t/{key}", unique_id=key))
    publish(home, "t/kw", "ON")
    publish(home, "t/kt", "21.5")
    publish(home, "t/fd", "LOCKED")
    wait_for(lambda: len(devices(service)) == 8, "the sensors")
    wait_state(service, "lock.front_door", "locked")
    for entity in ("binary_sensor.kitchen_window", "sensor.kitchen_thermometer"):
        settle(service, entity, {"area": "Kitchen"})
    say(service, "are any windows open", "Yes: Kitchen Window.")
    say(service, "is the kitchen window open", "Yes, Kitchen Window is open.")
    say(service, "what is the temperature in the kitchen", "Kitchen Thermometer: 21.5 °C.")
    say(service, "what is the kitchen thermometer", "Kitchen Thermometer is 21.5 °C.")
    say(service, "is the front door locked", "Yes, Front Door is locked.")
    say(service, "what is the state of the lost sensor", "I do not know")
    publish(home, "t/kw", "OFF")
    wait_state(service, "binary_sensor.kitchen_window", "off")
    say(service, "are all windows closed", "Yes.")
    # What opens a house is asked about, and nobody answers here.
    code, results, _ = ask(service, "unlock the front door")
    assert code == 2 and results["error"].endswith("ConfirmationUnavailable"), results
    for kind, key in (("binary_sensor", "kw"), ("sensor", "kt"), ("lock", "fd"),
                      ("sensor", "lost")):
        publish(home, f"homeassistant/{kind}/{key}/config", "")
    wait_for(lambda: len(devices(service)) == 4, "the sensors to go")


def test_not_for_the_sandboxed(service, _):
    if not flatpak.available():
        return
    for method, *arguments in (("Timers1.List", "{}"), ("Timers1.Cancel", "uint64 1"),
                               ("Home1.Set", "light.desk_lamp", "{}"),
                               ("Home1.SetArea", "Study", "{}")):
        out = subprocess.run([*flatpak.WRAPPER, "gdbus", "call", "--session", "--dest",
                              "org.assistantd.Assistant1", "--object-path",
                              "/org/assistantd/Assistant1", "--method",
                              "org.assistantd." + method, *arguments], capture_output=True,
                             text=True, timeout=PATIENCE, check=False)
        assert out.returncode == 1 and "AccessDenied" in out.stderr, (method, out)


def test_undone_by_words(service, _):
    all_off(service)
    say(service, "turn on the desk lamp", "Desk Lamp is on")
    say(service, "undo that", "Desk Lamp")
    wait_state(service, "light.desk_lamp", "off")


TESTS = [test_several_commands_in_one_sentence, test_what_was_meant_before,
         test_a_question_has_choices, test_the_other_one, test_two_of_one_name,
         test_a_name_that_nobody_knows, test_no_is_no, test_questions_about_the_home, test_places,
         test_how_it_is_understood, test_what_applications_show, test_questions_about_sensors,
         test_not_for_the_sandboxed, test_undone_by_words]


def furnished(service, _):
    for lamp, area in zip(LAMPS, ("Study", "Hall", "Bedroom")):
        settle(service, lamp, {"area": area})


def leave_behind(service, left):
    """What the next start finds: @left has the conversations."""
    all_off(service)
    say(service, "turn on the desk lamp", private=True, conversation=None)
    left["private"] = str(say(service, "is it on", "Yes", private=True)["conversation"])
    left["open"] = str(say(service, "turn on the lamp", kind="question",
                           conversation=None)["conversation"])


def found_again(service, left):
    say(service, "the hall one", "Hall Lamp is on", conversation=left["open"])
    # What was private was not written down.
    got = say(service, "is it on", conversation=left["private"])
    assert "new one" in str(got["warnings"][0]), got
    service.interface("Context1").Forget(EMPTY)
    got = say(service, "and the bed lamp", conversation=left["open"])
    assert "new one" in str(got["warnings"][0]), got
    assert state(service, "light.bed_lamp") == "off"


def scenario(home):
    left, config = {}, "questions:\n  per_minute: 60\n"
    with tempfile.TemporaryDirectory(prefix="ad.", dir="/tmp") as folder:
        return home.serve([furnished] + TESTS, home, config=config, home=folder) + \
            home.serve([leave_behind], left, config=config, home=folder) + \
            home.serve([found_again], left, config=config, home=folder)


if __name__ == "__main__":
    house.main(scenario, ("Desk Lamp",), ("Hall Lamp",), ("Bed Lamp",), ("Blind", "cover"))
