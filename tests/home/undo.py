#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What was done is in the journal with its reasons, and is taken back from there: the last of it,
all of a plan, or one call; not over what somebody else did since without a word."""
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time

import house
from house import ask, devices, state, wait_state
from harness import PATIENCE, Request, ctl, wait_for
from agent import Process


def journal(service, *command):
    return json.loads(ctl(service, "--json", "journal", *command))


class Undoing:
    """assistantctl beside the test."""

    def __init__(self, service, *command):
        self.process = subprocess.Popen(["assistantctl", *command], env=service.env, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def end(self):
        return self.process.communicate(timeout=PATIENCE)[0]


def the_last_is_taken_back(service, _):
    assert "nothing to undo" in ctl(service, "undo")
    assert "Desk Lamp is on." in ctl(service, "ask", "turn on the desk lamp")
    assert "Desk Lamp is off." in ctl(service, "undo")
    assert state(service, "light.desk_lamp") == "off"
    undo, done = journal(service)[:2]
    assert (done["tool"], done["outcome"], done["undone_by"]) == \
        ("home/turn_on", "done", undo["call"]), done
    assert (undo["tool"], undo["outcome"], undo["undo_of"]) == \
        ("home/turn_off", "done", done["call"]), undo
    assert "nothing to undo" in ctl(service, "undo")
    ctl(service, "ask", "turn on the desk lamp")
    assert "Desk Lamp is off." in ctl(service, "ask", "undo that")


def the_journal_tells_why(service, _):
    ctl(service, "ask", "set the desk lamp to 40 %")
    row = journal(service)[0]
    assert row["caller"] == "assistantctl" and row["title"] == "Desk Lamp", row
    assert json.loads(row["arguments"]) == {"entity": "light.desk_lamp", "brightness": 40}, row
    assert (row["verdict"], row["reason"], row["label"]) == ("allow", "table", 0), row
    assert json.loads(row["before"])["state"] == "off", row
    assert json.loads(row["after"]) | {"state": "on", "brightness": 40} == \
        json.loads(row["after"]), row
    assert row["verified"] and row["request"] and row["settled"] >= row["time"], row
    shown = ctl(service, "journal", str(row["call"]))
    for part in ("asked by  assistantctl", "gate      allow (table)", "the user's own words",
                 "outcome   done, read back", "undo      home/turn_off"):
        assert part in shown, shown
    assert f"{row['call']:5}  " in ctl(service, "journal")
    assert "no call 4711" in ctl(service, "journal", "4711", status=1)
    ctl(service, "journal", "last", status=2)
    ctl(service, "undo", "0", status=2)
    ctl(service, "undo")


def a_plan_is_taken_back_in_reverse(service, _):
    ctl(service, "ask", "turn on the desk lamp and turn on the hall lamp")
    assert state(service, "light.desk_lamp") == state(service, "light.hall_lamp") == "on"
    said = ctl(service, "undo")
    assert "Hall Lamp and Desk Lamp are off." in said, said
    assert state(service, "light.desk_lamp") == state(service, "light.hall_lamp") == "off"
    rows = journal(service)[:4]
    assert [r["title"] for r in rows] == ["Desk Lamp", "Hall Lamp", "Hall Lamp", "Desk Lamp"]


def one_call_is_taken_back(service, _):
    ctl(service, "ask", "turn on the desk lamp and turn on the hall lamp")
    call = [r["call"] for r in journal(service) if r["title"] == "Desk Lamp"][0]
    assert "Desk Lamp is off." in ctl(service, "undo", str(call))
    assert "Desk Lamp was undone already." in ctl(service, "undo", str(call))
    assert state(service, "light.hall_lamp") == "on"
    # The rest of the plan is left.
    assert "Hall Lamp is off." in ctl(service, "undo")
    assert "nothing to undo" in ctl(service, "undo", "4711")


def what_was_already_so_is_nothing_to_undo(service, _):
    ctl(service, "ask", "turn off the desk lamp")
    assert "nothing to undo" in ctl(service, "undo")
    call = journal(service)[0]["call"]
    assert "Desk Lamp was not changed." in ctl(service, "undo", str(call))


def a_change_by_others_is_asked_about(service, _):
    ctl(service, "ask", "set the desk lamp to 40 %")
    code, _, _ = ask(service, "set the desk lamp to 80 %")
    assert code == 0
    assert "needs your word" in ctl(service, "undo", status=1)
    assert state(service, "light.desk_lamp") == "on"
    with Process("no") as agent:
        assert "left as it is" in ctl(service, "undo", status=5)
        assert "changed by others since" in agent.asked[0]["summary"], agent.asked
    with Process("yes"):
        assert "Desk Lamp is off." in ctl(service, "undo")
    row = journal(service)[0]
    assert row["reason"] == "changed" and "sha256" in row["consent"], row


def one_is_taken_back_once(service, _):
    """While somebody is asked about it, and when two requests come at once."""
    ctl(service, "ask", "set the desk lamp to 40 %")
    call = journal(service)[0]["call"]
    assert ask(service, "set the desk lamp to 80 %")[0] == 0
    with Process("hang") as agent:
        first = Undoing(service, "undo", str(call))
        wait_for(lambda: agent.asked, "the question")
        assert "Desk Lamp is being undone already." in ctl(service, "undo", str(call))
        assert "Desk Lamp is being undone already." in ctl(service, "undo")
        agent.say("late no")
        assert "left as it is" in first.end()
    # It was not undone, so it can be; and only once.
    with Process("yes"):
        both = [Undoing(service, "undo", str(call)) for _ in range(2)]
        said = sorted(one.end() for one in both)
    assert "undone already" in said[0] + said[1] and "is off" in said[0] + said[1], said
    assert len([r for r in journal(service) if r.get("undo_of") == call and
                r["outcome"] == "done"]) == 1, journal(service)


def a_whole_that_fails_is_taken_back(service, home):
    home.unplug("Hall Lamp")
    wait_for(lambda: not devices(service)["light.hall_lamp"]["available"], "unplugged")
    order = "turn on the desk lamp and turn on the hall lamp"
    said = ctl(service, "ask", "--whole", order)
    assert "Hall Lamp could not be changed: the device is not available" in said and \
        "The rest was taken back: Desk Lamp is off." in said, said
    assert state(service, "light.desk_lamp") == "off"
    rows = journal(service)[:3]
    assert len({r["plan"] for r in rows}) == 1, rows
    assert rows[0]["tool"] == "home/turn_off" and rows[0]["undo_of"] == \
        [r["call"] for r in rows if r.get("undone_by")][0], rows
    assert "nothing to undo" in ctl(service, "undo")
    # Not asked for as a whole, what could be done is.
    ctl(service, "ask", order)
    assert state(service, "light.desk_lamp") == "on"
    assert "Desk Lamp is off." in ctl(service, "undo")
    home.plug_in("Hall Lamp")
    wait_for(lambda: devices(service)["light.hall_lamp"]["available"], "plugged in")


def others_take_back_their_own(service, _):
    code, results, _ = ask(service, "turn on the desk lamp")
    assert code == 0
    action = results["actions"][0]
    assert int(action["undo"]) == int(action["call"]) and \
        int(action["undo_expires"]) > time.time() * 1000
    assert "nothing to undo" in ctl(service, "undo")
    path = service.interface("Tools1").Undo(house.dbus.UInt64(action["call"]),
                                            house.dbus.Dictionary({}, signature="sv"))
    assert str(path).startswith("/org/assistantd/Assistant1/request/")
    wait_state(service, "light.desk_lamp", "off")


def private_calls_leave_no_words(service, _):
    ctl(service, "--private", "ask", "turn on the desk lamp")
    row = journal(service)[0]
    assert row["private"] and row["outcome"] == "done" and row["target"] == "light.desk_lamp"
    assert not {"arguments", "why", "before", "after", "undo_tool"} & set(row), row
    assert "Desk Lamp cannot be undone." in ctl(service, "undo")
    ctl(service, "ask", "turn off the desk lamp")


def a_closed_request_sends_no_more(service, _):
    """What is out is read back and written down; what would follow is not run."""
    last = journal(service)[0]["call"]
    request = Request(service, "ask", "turn on the shy lamp and then turn off the shy lamp")

    def rows():
        return [r for r in journal(service) if r["call"] > last]
    wait_for(rows, "the first call")
    request.close()
    wait_for(lambda: len(rows()) == 2, "the end of both")
    assert [(r["tool"], r["outcome"]) for r in rows()] == \
        [("home/turn_off", "not_run"), ("home/turn_on", "sent")], rows()
    assert not request.response


def forgetting_takes_the_journal_along(service, _):
    assert journal(service)
    ctl(service, "history", "forget")
    assert not journal(service) and "nothing to undo" in ctl(service, "undo")


TESTS = [the_last_is_taken_back, the_journal_tells_why, a_plan_is_taken_back_in_reverse,
         one_call_is_taken_back, what_was_already_so_is_nothing_to_undo,
         a_change_by_others_is_asked_about, one_is_taken_back_once,
         a_whole_that_fails_is_taken_back, others_take_back_their_own, private_calls_leave_no_words,
         a_closed_request_sends_no_more, forgetting_takes_the_journal_along]


def is_killed(service, folder):
    """The command is out and the service is killed."""
    ctl(service, "ask", "turn on the desk lamp")
    Request(service, "ask", "turn on the shy lamp")
    wait_for(lambda: len(journal(service)) == 2, "the row")
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()
    service.ends_with = -signal.SIGKILL
    wait_for(lambda: not service.bus.name_has_owner("org.assistantd.Assistant1"), "end")
    with sqlite3.connect(os.path.join(folder, "s", "assistantd", "store.db")) as store:
        store.execute("UPDATE call SET undo_until_ms = 1")
    store.close()


def says_what_was_not_seen(service, _):
    row = journal(service)[0]
    assert (row["target"], row["outcome"], row["verified"]) == \
        ("light.shy_lamp", "sent", False), row
    assert "before its effect was seen" in row["text"], row
    assert "Desk Lamp was changed too long ago." in ctl(service, "undo")
    with open(os.path.join(service.home, "log"), encoding="utf-8") as log:
        assert "effect was not seen" in log.read()


def scenario(home):
    failed = home.serve(TESTS, home)
    with tempfile.TemporaryDirectory(prefix="ad.", dir="/tmp") as folder:
        for test in (is_killed, says_what_was_not_seen):
            failed += home.serve([test], folder, home=folder)
    return failed


if __name__ == "__main__":
    house.main(scenario, ("Desk Lamp",), ("Hall Lamp",), ("Shy Lamp", "silent"))
