#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Timers and reminders, by words and by assistantctl; and that they go on after a restart."""
import tempfile

import house
from house import EMPTY, go_on as say
from harness import ctl, wait_for
from session import Notes


def timers(service):
    return {str(t["name"]): t for t in service.interface("Timers1").List(EMPTY)}


def test_timers(service, _):
    say(service, "set a timer for 10 minutes for pasta", "I set a timer for 10 minutes for pasta")
    say(service, "set a timer for 1 hour", "I set a timer for 1 hour")
    assert set(timers(service)) == {"pasta", ""}, timers(service)
    assert 590_000 < timers(service)["pasta"]["left_ms"] <= 600_000
    say(service, "how much time is left on the pasta timer", "The pasta timer has ")
    say(service, "add 5 minutes to the pasta timer", "I added 5 minutes to the pasta timer")
    assert timers(service)["pasta"]["left_ms"] > 890_000
    say(service, "pause the pasta timer", "I paused the pasta timer")
    left = timers(service)["pasta"]["left_ms"]
    assert timers(service)["pasta"]["state"] == "paused"
    say(service, "resume the pasta timer", "I let the pasta timer go on")
    assert timers(service)["pasta"]["left_ms"] <= left
    say(service, "cancel the timer", "several timers", kind="question")
    say(service, "cancel the 1 hour timer", "I cancelled the timer of 1 hour")
    assert set(timers(service)) == {"pasta"}
    say(service, "pause the egg timer", "no such timer", kind="question")
    out = ctl(service, "timer")
    assert "pasta" in out and "running" in out, out
    number = str(int(timers(service)["pasta"]["id"]))
    ctl(service, "timer", "cancel", number)
    ctl(service, "timer", "cancel", number, status=2)
    ctl(service, "timer", "cancel", "x", status=2)
    assert not timers(service)
    say(service, "cancel all timers", "no such timer")
    # A name does not take what is a command.
    say(service, "set a timer for 3 minutes and remind me to check the oven in 10 minutes",
        "I set a timer for 3 minutes;", "check the oven")
    say(service, "cancel all timers and cancel all reminders")
    assert not timers(service)


def test_reminders(service, _):
    say(service, "remind me to call Anna tomorrow at 8", "I will remind you tomorrow at 08:00",
        "call Anna")
    say(service, "remind me in 20 minutes to feed the cat", "feed the cat")
    say(service, "what reminders do I have", "call Anna, tomorrow at 08:00.", "feed the cat")
    say(service, "remind me to sing", "When?", kind="question")
    assert {str(t["kind"]) for t in timers(service).values()} == {"reminder"}
    say(service, "cancel all reminders", "I cancelled the reminder: call Anna")
    assert not timers(service)


def test_a_timer_rings(service, _):
    rang, notes = [], Notes("body")
    service.bus.add_signal_receiver(lambda number: rang.append(int(number)), "Rang",
                                    "org.assistantd.Timers1")
    say(service, "set a timer for 1 second for tea")
    number = int(timers(service)["tea"]["id"])
    wait_for(lambda: rang, "the signal")
    assert rang == [number], rang
    wait_for(lambda: notes.shown, "the notification")
    assert notes.shown[0]["body"] == "The tea timer is over.", notes.shown
    notes.leave()
    assert timers(service)["tea"]["state"] == "over" and timers(service)["tea"]["left_ms"] == 0
    say(service, "how long is left on the tea timer", "The tea timer ended ")
    ctl(service, "timer", "cancel", str(number))


def test_undone_by_words(service, _):
    say(service, "set a timer for 10 minutes for rice")
    say(service, "undo that")
    assert "rice" not in timers(service), timers(service)


TESTS = [test_timers, test_reminders, test_a_timer_rings, test_undone_by_words]


def leave_behind(service, _):
    """What the next start finds."""
    say(service, "set a timer for 1 hour for bread", conversation=None)
    say(service, "set a timer for 1 second for eggs", conversation=None)


def found_again(service, _):
    wait_for(lambda: timers(service).get("eggs", {}).get("state") == "over",
             "the timer that ended meanwhile")
    assert timers(service)["bread"]["state"] == "running"
    assert 3_500_000 < timers(service)["bread"]["left_ms"] < 3_600_000


def scenario(home):
    with tempfile.TemporaryDirectory(prefix="ad.", dir="/tmp") as folder:
        return home.serve(TESTS + [leave_behind], home, home=folder) + \
            home.serve([found_again], home, home=folder)


if __name__ == "__main__":
    house.main(scenario)
