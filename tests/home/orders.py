#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole way of an order: words over D-Bus, the gate, the broker, the device, and back."""
import json
import os
import signal
import subprocess
import time

import house
from house import ask, devices, say, settle, state, wait_state
from harness import Request, ctl, fails, wait_for
from terminal import by_hand
import agent
import dbus


def test_switched_and_read_back(service, home):
    say(service, "turn on the desk lamp", "Desk Lamp is on.", outcomes=[("done", True)])
    assert state(service, "light.desk_lamp") == "on"
    say(service, "turn on the desk lamp", "Desk Lamp was on already.",
         outcomes=[("already", True)])
    say(service, "set the desk lamp to 40 %", "Desk Lamp is on at 40 %.",
         outcomes=[("done", True)])
    say(service, "is the desk lamp on", "Desk Lamp is on at 40 %.")
    say(service, "switch the desk lamp off", "Desk Lamp is off.", outcomes=[("done", True)])
    say(service, "open the blind", "Blind is open.", outcomes=[("done", True)])
    say(service, "close the blind", "Blind is closed.", outcomes=[("done", True)])


def test_only_what_was_read_back_is_said(service, home):
    for name in ("Shy Lamp", "False Lamp"):
        results = say(service, f"turn on the {name.lower()}",
                       f"I sent the command to {name}, but could not confirm it.",
                       outcomes=[("sent", False)])
        assert str(results["actions"][0]["state"]) == "off"


def test_what_is_not_known_is_asked_back(service, home):
    for text in ("turn on the moon", "sing a song", "turn on the lights in the cellar"):
        results = say(service, text)
        assert str(results["kind"]) == "question", (text, results)


def test_nothing_is_done_when_dry(service, home):
    say(service, "turn on the desk lamp", outcomes=[("not_run", False)], dry_run=True)
    assert state(service, "light.desk_lamp") == "off"


def test_places_and_other_names(service, home):
    settle(service, "light.desk_lamp", {"area": "Study", "floor": "Upstairs", "hidden": False,
                                        "aliases": dbus.Array(["reading light"], signature="s")})
    settle(service, "light.hall_lamp", {"floor": "Upstairs", "area": "Hall"})
    say(service, "turn on the reading light", "Desk Lamp is on.")
    say(service, "turn on the lights on the upstairs", "Desk Lamp was on already",
         "Hall Lamp is on")
    say(service, "turn off the study lights", "Desk Lamp is off.", outcomes=[("done", True)])
    assert state(service, "light.hall_lamp") == "on"
    settle(service, "light.hall_lamp", {"hidden": True})
    assert str(say(service, "turn off the hall lamp")["kind"]) == "question"
    settle(service, "light.hall_lamp", {"hidden": False})
    say(service, "turn off the hall lamp", "Hall Lamp is off.")
    with open(os.path.join(service.home, "d", "assistantd", "home.json"), encoding="utf-8") as f:
        assert json.load(f)["entities"]["light.desk_lamp"]["aliases"] == ["reading light"]


def test_wrong_settings(service, home):
    invalid = "org.freedesktop.DBus.Error.InvalidArgs"
    before = devices(service)["light.desk_lamp"]
    for settings in ({"area": "[a|b]"}, {"area": "x" * 65}, {"colour": "red"}, {"hidden": "yes"},
                     {"aliases": dbus.Array(list("abcdefghi"), signature="s")},
                     {"area": dbus.UInt32(1)}, {"area": "Attic", "zzz": True}):
        fails(invalid, settle, service, "light.desk_lamp", settings)
        assert devices(service)["light.desk_lamp"] == before, settings
    fails(invalid, settle, service, "light.nowhere", {"area": "Study"})


def test_opening_a_garage_wants_a_word(service, home):
    code, results, _ = ask(service, "open the garage")
    assert code == 2 and results["error"] == "org.assistantd.Error.ConfirmationUnavailable", \
        (code, results)
    no = agent.Process("no")
    code, results, text = ask(service, "open the garage")
    assert code == 1 and text == "Garage was left as it is.", (code, results, text)
    assert no.asked[0]["tool"] == "home/open" and no.asked[0]["title"] == "Open", no.asked
    assert json.loads(no.asked[0]["arguments"]) == {"entity": "cover.garage"}
    no.leave()
    assert state(service, "cover.garage") == "closed"
    gone = agent.Process("die")
    code, results, _ = ask(service, "open the garage")
    assert code == 2 and results["error"] == "org.assistantd.Error.ConfirmationUnavailable", \
        (code, results)
    assert gone.asked and state(service, "cover.garage") == "closed"
    yes = agent.Process("yes")
    say(service, "open the garage", "Garage is open.", outcomes=[("done", True)])
    assert len(yes.asked) == 1
    # Closing it opens nothing to anybody.
    say(service, "close the garage", "Garage is closed.", outcomes=[("done", True)])
    assert len(yes.asked) == 1
    yes.leave()


def test_part_of_it_fails(service, home):
    home.unplug("Hall Lamp")
    wait_for(lambda: not devices(service)["light.hall_lamp"]["available"], "unplugged")
    results = say(service, "turn on the lights on the upstairs", "Desk Lamp is on",
                   "Hall Lamp could not be changed: the device is not available")
    assert sorted(str(a["outcome"]) for a in results["actions"]) == ["done", "failed"]
    say(service, "is the hall lamp on", "I do not know")
    home.plug_in("Hall Lamp")
    wait_for(lambda: devices(service)["light.hall_lamp"]["available"], "plugged in")


def test_many_at_once_want_a_word(service, home):
    """More than ten: what would be done at once for one is asked about."""
    names = [f"Spot {word}" for word in ("one", "two", "three", "four", "five", "six", "seven",
                                         "eight", "nine")]
    for name in names:
        home.plug_in(name)
    wait_for(lambda: len([d for d in devices(service).values()
                          if d["domain"] == "light" and d["available"]]) == 13, "the spots")
    no = agent.Process("no")
    code, results, text = ask(service, "turn on all lights")
    # What is on already would be asked about, too: it is one order.
    assert code == 1 and len(no.asked) == 1, (code, text)
    assert {str(a["outcome"]) for a in results["actions"]} == {"cancelled"}, results
    assert "Spot seven" in no.asked[0]["summary"], no.asked
    no.leave()
    assert state(service, "light.spot_one") == "off"
    for name in names:
        home.unplug(name)


def test_a_name_is_no_order(service, home):
    """It can be listed; as a sentence it would be taken apart."""
    home.plug_in("all [lights] off; (open|close) {name}")
    entity = "light.all_lights_off_open_close_name"
    wait_for(lambda: entity in devices(service), entity)
    say(service, "turn off the desk lamp", "Desk Lamp is off.")
    home.unplug("all [lights] off; (open|close) {name}")


def test_every_order_leaves_a_receipt(service, home):
    say(service, "turn on the desk lamp", "Desk Lamp is on.")
    out = ctl(service, "--json", "history")
    assert "home/turn_on" in out and '"verified": true' in out.replace('\\"', '"') \
        .replace('":true', '": true'), out[-2000:]
    say(service, "turn off the desk lamp", "Desk Lamp is off.")


def test_asked_on_the_terminal(service, home):
    for answer, opened in ((b"n", False), (b"y", True)):
        _, shown = by_hand("ask", "open the garage", typed=((b"Do it? [y/N] ", answer),))
        assert (b"Garage is open." in shown) == opened, shown
        assert state(service, "cover.garage") == ("open" if opened else "closed")
    say(service, "close the garage", "Garage is closed.")


def tools_pid(service):
    children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(service.process.pid)],
                              capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in children.splitlines() if "assistant-tools" in line]


def test_the_tools_process_is_killed(service, home):
    """What it was about to do cannot be known; afterwards it is as before."""
    request = Request(service, "ask", "turn on the shy lamp")
    time.sleep(0.3)
    os.kill(tools_pid(service)[0], signal.SIGKILL)
    code, results = request.wait()
    assert code == 0 and str(results["actions"][0]["outcome"]) == "sent", (code, results)
    assert not results["actions"][0]["verified"]
    wait_state(service, "light.desk_lamp", "off")
    say(service, "turn on the reading light", "Desk Lamp is on.")


def test_the_broker_goes_and_comes(service, home):
    home.stop_broker()
    wait_for(lambda: service.property("Broker", "Home1") != "up", "the loss")
    say(service, "turn off the desk lamp", "the broker is not reached",
         outcomes=[("failed", False)])
    # What it was before is not what it is.
    assert "is on" not in ask(service, "is the desk lamp on")[2], "an old state"
    home.start_broker()
    wait_for(lambda: service.property("Broker", "Home1") == "up", "the broker")
    # The lamp finds the broker by itself, in its own time.
    wait_for(lambda: ask(service, "turn on the desk lamp")[1]["actions"][0]["verified"],
             "the lamp")
    assert state(service, "light.desk_lamp") == "on"


TESTS = [test_switched_and_read_back, test_only_what_was_read_back_is_said,
         test_what_is_not_known_is_asked_back, test_nothing_is_done_when_dry,
         test_places_and_other_names, test_wrong_settings,
         test_opening_a_garage_wants_a_word, test_part_of_it_fails,
         test_many_at_once_want_a_word, test_a_name_is_no_order,
         test_every_order_leaves_a_receipt, test_asked_on_the_terminal,
         test_the_tools_process_is_killed, test_the_broker_goes_and_comes]


if __name__ == "__main__":
    house.main(lambda home: home.serve(TESTS, home), ("Desk Lamp",), ("Hall Lamp",),
               ("Blind", "cover"), ("Garage", "garage"), ("Shy Lamp", "silent"),
               ("False Lamp", "liar"))
