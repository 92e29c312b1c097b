#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Questions to the user: who is asked, what is shown, and that nothing but a clear answer in
time is a yes. What is asked for is a garage, which is opened and closed again. Time is short
only where nobody answers in it."""
import contextlib
import json
import time

import house
from house import ask, state, wait_state
from harness import Request, spin, wait_for
from agent import Process
from session import NOTES, SAVER, Notes, Saver, arrived, private_bus
from terminal import Terminal
import dbus
import dbus.service

SHORT, LONG = 2, 600
UNAVAILABLE = "org.assistantd.Error.ConfirmationUnavailable"


def opened(service, code=0):
    """Asks for it; what was done is undone."""
    got, results, text = ask(service, "open the garage")
    assert got == code, (got, dict(results), text)
    if code == 0:
        assert state(service, "cover.garage") == "open"
        ask(service, "close the garage")
    wait_state(service, "cover.garage", "closed")
    return results


def unavailable(service):
    assert opened(service, 2)["error"] == UNAVAILABLE


def all_of_it_is_shown(service, _):
    with Process("yes") as agent:
        opened(service)
    what = agent.asked[0]
    assert what["caller"] == "python3" and what["tool"] == "home/open", what
    assert json.loads(what["arguments"]) == {"entity": "cover.garage"}, what
    assert what["risk"] == 2 and what["summary"] == "Open: Garage" and what["title"] == "Open"
    assert 0 < what["expires_ms"] <= LONG * 1000 and not what["always"] and "pin" not in what
    call = what["calls"][0]
    assert len(what["calls"]) == 1 and call["target"] == "cover.garage", what
    assert (call["tool"], call["arguments"]) == (what["tool"], what["arguments"]), call
    # It is over when it is answered.
    assert not agent.cancelled
    unavailable(service)


def the_newest_of_the_highest_priority_is_asked(service, _):
    with Process("no") as old, Process("yes", priority=7) as high, Process("no") as new:
        opened(service)
        assert not old.asked and len(high.asked) == 1 and not new.asked
        high.say("unregister")
        wait_for(lambda: high.told[-1] == {"unregistered": True}, "the end of it")
        opened(service, 1)
        assert not old.asked and len(high.asked) == 1 and len(new.asked) == 1
    unavailable(service)


def who_asks_does_not_answer(service, _):
    class Own(dbus.service.Object):
        asked = False

        @dbus.service.method("org.assistantd.Agent1", in_signature="ta{sv}",
                             out_signature="ua{sv}")
        def Confirm(self, call, what):
            self.asked = True
            return dbus.UInt32(1), dbus.Dictionary({}, signature="sv")
    other = private_bus()
    for bus in (service.bus, other):
        own = Own(bus, "/test/own")
        agents = dbus.Interface(bus.get_object("org.assistantd.Assistant1",
                                               "/org/assistantd/Assistant1", introspect=False),
                                "org.assistantd.Agents1")
        agents.Register(dbus.ObjectPath("/test/own"), house.EMPTY)
        unavailable(service)
        assert not own.asked
        agents.Unregister(dbus.ObjectPath("/test/own"))
        own.remove_from_connection()
    other.close()


def registrations_are_checked(service, _):
    invalid = "org.freedesktop.DBus.Error.InvalidArgs"
    for options, error in (({"class": "hand"}, "org.freedesktop.DBus.Error.AccessDenied"),
                           ({"class": "foot"}, invalid), ({"priority": "1"}, invalid),
                           ({"priority": 101}, invalid), ({"own": "yes"}, invalid),
                           ({"colour": "red"}, invalid)):
        with Process("yes", **options) as agent:
            assert agent.registered == error, (options, agent.registered)
    unavailable(service)
    # A connection that is known to shoot over the mark is bounded.
    with contextlib.ExitStack() as stack:
        agents = [stack.enter_context(Process("yes", path=f"/test/a{i}", wait=True))
                  for i in range(3)]
        assert {a.registered for a in agents} == {"registered"}


def an_agent_that_goes_or_talks_nonsense_is_out(service, _):
    for answer in ("die", "error", "seven", "text"):
        with Process("no") as next_one, Process(answer) as agent:
            opened(service, 1)
            assert len(agent.asked) == 1 and len(next_one.asked) == 1, answer
            # The same question, in what is left of its time.
            assert agent.told[0]["call"] == next_one.told[0]["call"], answer
            assert next_one.asked[0]["expires_ms"] <= agent.asked[0]["expires_ms"]
        with Process(answer) as agent:
            unavailable(service)


def silence_is_no(service, _):
    with Process("hang") as agent:
        begun = time.monotonic()
        opened(service, 1)
        assert time.monotonic() - begun > 0.75 * SHORT
        wait_for(lambda: agent.cancelled == [agent.told[0]["call"]], "the Cancel")
        # A yes that comes late is none.
        agent.say("late yes")
        spin(0.3)
        assert state(service, "cover.garage") == "closed"
        for _ in range(3):
            opened(service, 1)
        # Whom nobody answers at is asked no more.
        unavailable(service)
        assert len(agent.asked) == 4


def one_is_shown_at_a_time(service, _):
    with Process("hang") as agent:
        requests = [Request(service, "ask", "open the garage") for _ in range(3)]
        wait_for(lambda: agent.asked, "the question")
        fourth = Request(service, "ask", "open the garage")
        code, results = fourth.wait()
        # Of those that may be open this was one too many.
        assert code == 2 and results["error"] == UNAVAILABLE, dict(results)
        assert len(agent.asked) == 1
        agent.say("late no")
        wait_for(lambda: len(agent.asked) == 2, "the second question")
        # Whoever asked does not want it any more.
        requests[1].close()
        wait_for(lambda: len(agent.asked) == 3, "the third question")
        assert agent.cancelled == [agent.told[1]["call"]], agent.told
        agent.say("late yes")
        assert requests[2].wait()[0] == 0
        assert requests[0].response[1][0] == 1
    ask(service, "close the garage")


def five_a_minute_are_enough(service, _):
    with Process("no") as agent:
        for _ in range(5):
            opened(service, 1)
        unavailable(service)
        assert len(agent.asked) == 5


def nobody_is_asked_before_a_locked_screen(service, _):
    saver, liar = Saver(), Saver(name=None)
    saver.known()
    with Process("yes") as agent:
        opened(service)
        saver.change(True)
        liar.tell(service, False)
        unavailable(service)
        saver.change(False)
        liar.tell(service, True)
        opened(service)
    with Process("hang") as agent:
        request = Request(service, "ask", "open the garage")
        wait_for(lambda: agent.asked, "the question")
        saver.change(True)
        code, results = request.wait()
        assert code == 2 and results["error"] == UNAVAILABLE, dict(results)
        wait_for(lambda: agent.cancelled, "the question to be taken back")
    # One that has gone keeps nothing locked.
    saver.leave()
    with Process("yes"):
        opened(service)
    # And one that is locked when it comes says so.
    saver = Saver(name=None)
    saver.active = True
    saver.name = dbus.service.BusName(SAVER, saver.bus)
    saver.known()
    with Process("yes") as agent:
        unavailable(service)
        assert not agent.asked
    saver.leave()
    liar.leave()


def pressed(service, notes, act):
    """The response to a question that is shown and then acted upon."""
    before = len(notes.shown)
    request = Request(service, "ask", "open the garage")
    wait_for(lambda: len(notes.shown) > before, "the notification")
    arrived(notes.bus)
    act(len(notes.shown))
    code, results = request.wait()
    if code == 0:
        ask(service, "close the garage")
    assert code == 0 or state(service, "cover.garage") == "closed"
    return code, results


def notifications_ask_where_no_agent_does(service, _):
    notes = Notes("actions", "body", "body-markup")
    notes.known()
    assert pressed(service, notes, lambda n: notes.ActionInvoked(n, "yes"))[0] == 0
    note = notes.shown[0]
    assert note["actions"] == ["yes", "Yes", "no", "No"] and note["hints"]["urgency"] == 2
    assert 'home/open {"entity":"cover.garage"}' in note["body"], note
    assert "python3" in note["body"] and note["summary"] == "Open", note
    assert pressed(service, notes, lambda n: notes.ActionInvoked(n, "no"))[0] == 1
    assert pressed(service, notes, lambda n: notes.NotificationClosed(n, 2))[0] == 1
    # An agent is asked first.
    with Process("no") as agent:
        before = len(notes.shown)
        opened(service, 1)
        assert len(agent.asked) == 1 and len(notes.shown) == before
    # The server ends while it asks.
    assert pressed(service, notes, lambda n: notes.leave())[0] == 1
    unavailable(service)
    notes = Notes("body")
    notes.known()
    unavailable(service)
    assert not notes.shown
    notes.leave()


def nobody_presses_for_the_user(service, _):
    """A button of another notification, and another sender's: the question runs out."""
    notes, other = Notes("actions", "body"), Notes()
    other.bus.release_name(NOTES)
    notes.known()

    def forge(n):
        notes.ActionInvoked(n + 7, "yes")
        m = dbus.lowlevel.SignalMessage("/org/freedesktop/Notifications", NOTES, "ActionInvoked")
        m.append(dbus.UInt32(n), "yes", signature="us")
        m.set_destination(service.bus.get_name_owner("org.assistantd.Assistant1"))
        other.bus.send_message(m)
    code, _ = pressed(service, notes, forge)
    assert code == 1
    wait_for(lambda: notes.closed == [1], "the notification to go")
    other.leave()
    notes.leave()


def assistantctl_shows_what_others_ask(service, _):
    t = Terminal("agent")
    t.read_until(b"Ctrl-C")
    request = Request(service, "ask", "open the garage")
    t.read_until(b"[y/N] ")
    assert b"python3" in t.seen and b'{"entity":"cover.garage"}' in t.seen, t.seen
    t.write(b"y\n")
    assert request.wait()[0] == 0
    ask(service, "close the garage")
    t.seen = b""
    request = Request(service, "ask", "open the garage")
    t.read_until(b"[y/N] ")
    request.close()
    t.read_until(b"nothing was done")
    # What was typed before the question was shown is no answer to it.
    t.seen = b""
    t.write(b"y\n")
    spin(0.2)
    request = Request(service, "ask", "open the garage")
    t.read_until(b"[y/N] ")
    spin(0.3)
    assert not request.response
    t.write(b"n\n")
    assert request.wait()[0] == 1
    t.write(b"\x03")
    assert t.end()[0] == 130
    unavailable(service)


def a_terminal_answers_for_itself(service, _):
    """Its own questions are asked there, whoever else could be; those of others are not."""
    with Process("no", priority=9) as panel:
        t = Terminal("ask", "open the garage")
        t.read_until(b"[y/N] ")
        request = Request(service, "ask", "open the garage")
        assert request.wait()[0] == 1 and len(panel.asked) == 1
        t.write(b"y\n")
        status, seen = t.end()
        assert status == 0 and b"Garage is open." in seen, seen
        ask(service, "close the garage")
        assert len(panel.asked) == 1


PATIENT = [all_of_it_is_shown, the_newest_of_the_highest_priority_is_asked,
           who_asks_does_not_answer, registrations_are_checked,
           an_agent_that_goes_or_talks_nonsense_is_out, one_is_shown_at_a_time,
           nobody_is_asked_before_a_locked_screen, notifications_ask_where_no_agent_does,
           assistantctl_shows_what_others_ask, a_terminal_answers_for_itself]
IMPATIENT = [silence_is_no, nobody_presses_for_the_user]


def questions(**options):
    return "questions:\n" + "".join(f"  {k}: {v}\n" for k, v in options.items())


def scenario(home):
    return home.serve(PATIENT, home, config=questions(seconds=LONG, per_minute=60)) + \
        home.serve(IMPATIENT, home, config=questions(seconds=SHORT, per_minute=60)) + \
        home.serve([five_a_minute_are_enough], home, config=questions(per_minute=5))


if __name__ == "__main__":
    house.main(scenario, ("Garage", "garage"))
