#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tools of applications: how they come and go, what is believed of them, and that the user is
asked before the first use of each."""
import json

import harness
from harness import ERROR, Request, fails, wait_for
import agent
import provider
from provider import offer
import dbus

INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
NONE = dbus.Dictionary({}, signature="sv")


class Call(Request):
    """Of a tool, in the place of words."""

    def call(self, task, text, options):
        return provider.tools(self.bus).Call(task, text, options)


def call(s, tool, arguments="", **options):
    return Call(s, f"python3/{tool}", arguments, **options).wait()


def action(s, tool, arguments="", code=0, **options):
    got, results = call(s, tool, arguments, **options)
    assert got == code, (got, dict(results))
    return results["actions"][0]


def listed(s):
    return {str(t["name"]): t for t in s.interface("Tools1").List(NONE)}


def register(s, *offers):
    return s.interface("Tools1").Register(dbus.ObjectPath("/none"),
                                          dbus.Array(offers, signature="a{sv}"))


def they_come_and_go(s):
    changes = []
    match = s.bus.add_signal_receiver(changes.append, "Changed", "org.assistantd.Tools1")
    before = listed(s)
    assert "home/turn_on" in before and before["home/turn_on"]["owner"] == ""
    with provider.Process() as p:
        assert p.names == [f"python3/{n}" for n in provider.TOOLS], p.names
        mine = listed(s)
        assert set(mine) == set(before) | set(p.names), set(mine)
        assert mine["python3/tell"]["risk"] == 0 and mine["python3/send"]["risk"] == 2
        assert mine["python3/tell"]["asks_first"] and not mine["home/turn_on"]["asks_first"]
        wait_for(lambda: changes and set(changes[-1]) == set(mine), "the change")
        told = s.interface("Tools1").Describe("python3/set")
        assert json.loads(told["schema"])["required"] == ["level"], told
        assert told["can_undo"] and not told["egress"] and told["timeout_ms"] == 10000
        # Another process of the same name cannot take its names, nor take them away.
        message = fails(INVALID, register, s, offer("tell"))
        assert "another process" in message, message
        s.interface("Tools1").Unregister(["python3/tell", "home/turn_on"])
        assert set(listed(s)) == set(mine)
    wait_for(lambda: listed(s) == before, "them to go")
    wait_for(lambda: set(changes[-1]) == set(before), "the change")
    assert len(changes) <= 4, changes
    fails("ToolUnknown", s.interface("Tools1").Describe, "python3/tell")
    fails("ToolUnknown", call, s, "tell")
    assert register(s, offer("a"), offer("b")) == ["python3/a", "python3/b"]
    assert register(s, offer("a", title="Again")) == ["python3/a"]
    assert listed(s)["python3/a"]["title"] == "Again" and "python3/b" in listed(s)
    s.interface("Tools1").Unregister(["python3/a", "python3/b"])
    assert listed(s) == before
    match.remove()


def hostile_offers_are_refused_by_name(s):
    before = listed(s)
    nested = {}
    for _ in range(40):
        nested = {"type": "object", "properties": {"a": nested}}
    for keys, word in (({"name": ""}, "name"), ({"name": "a b"}, "name"),
                       ({"name": "x" * 65}, "name"), ({"name": "a.undo"}, ".undo"), ({"title": ""}, "title"),
                       ({"title": "x" * 1000}, "title"), ({"description": "x" * 5000}, "descr"),
                       ({"schema": "{"}, "schema"), ({"schema": "[]"}, "schema"),
                       ({"schema": '{"type": "string"}'}, "schema"),
                       ({"schema": '{"type": "object", "pattern": "(a+)+"}'}, "pattern"),
                       ({"schema": '{"$ref": "#"}'}, "$ref"),
                       ({"schema": json.dumps(nested)}, "schema"),
                       ({"schema": " " * 100000 + "{}"}, "schema"),
                       ({"result_schema": '{"type": "thing"}'}, "result_schema"),
                       ({"risk": dbus.UInt32(4)}, "risk"), ({"risk": "low"}, "risk"),
                       ({"colour": "red"}, "colour"), ({"can_read": "yes"}, "can_read"),
                       ({"timeout_ms": dbus.UInt32(3600000)}, "timeout_ms")):
        message = fails(INVALID, register, s, offer("good"), offer(**dict({"name": "bad"}, **keys)))
        assert word in message, (keys, message)
        assert listed(s) == before, keys
    limits = "org.freedesktop.DBus.Error.LimitsExceeded"
    fails(limits, register, s, *(offer(f"t{i}") for i in range(65)))
    assert listed(s) == before
    register(s, *(offer(f"t{i}") for i in range(64)))
    fails(limits, register, s, offer("one_more"))
    s.interface("Tools1").Unregister([n for n in listed(s) if n not in before])
    assert listed(s) == before


def the_first_use_asks(s):
    with provider.Process() as p:
        got, results = call(s, "tell")
        assert got == 2 and results["error"] == ERROR + "ConfirmationUnavailable", dict(results)
        with agent.Process("no", "yes") as a:
            assert call(s, "tell")[0] == 1 and not p.calls()
            assert action(s, "tell")["outcome"] == "done"
            assert a.asked[0]["tool"] == "python3/tell" and len(a.asked) == 2
            for _ in range(3):
                assert action(s, "tell")["outcome"] == "done"
            assert len(a.asked) == 2 and not listed(s)["python3/tell"]["asks_first"]
            # Of another tool nothing was said; and one with consequences always asks.
            action(s, "send")
            action(s, "send")
            assert [q["tool"] for q in a.asked[2:]] == ["python3/send"] * 2, a.asked
        calls = p.calls()
        assert calls.count(["Call", "tell", "{}"]) == 4, calls
    # It is remembered of the tool, whoever brings it again.
    with provider.Process() as p:
        assert action(s, "tell")["outcome"] == "done"


def arguments_are_checked_before_it_is_called(s):
    with provider.Process() as p, agent.Process("yes"):
        for bad in ("{", "[]", '{"level": 1, "level": 2}', "x" * 70000):
            fails(INVALID, call, s, "set", bad)
        for bad in ('{"level": 10}', "{}", '{"level": "1"}', '{"level": 1, "more": 2}'):
            assert action(s, "set", bad)["outcome"] == "denied"
        assert not p.calls()
        fails(INVALID, call, s, "set", '{"level": 1}', colour="red")


def only_what_can_be_read_is_done(s):
    with provider.Process() as p, agent.Process("yes"):
        done = action(s, "set", '{"level": 4}')
        assert (done["outcome"], done["verified"]) == ("done", True), dict(done)
        assert action(s, "set", '{"level": 4}')["outcome"] == "already"
        done = action(s, "step")
        assert (done["outcome"], done["verified"]) == ("done", True), dict(done)
        lied = action(s, "lie", '{"level": 7}')
        assert (lied["outcome"], lied["verified"]) == ("sent", False), dict(lied)
        blind = action(s, "blind")
        assert (blind["outcome"], blind["verified"]) == ("sent", False), dict(blind)
        assert ["Call", "lie", '{"level":7}'] in p.calls()


def faults_are_told(s):
    for tool, outcome in (("fail", "failed"), ("nonsense", "failed"), ("flood", "failed"),
                          ("wrong", "failed"), ("hang", "sent"), ("hang_reading", "sent"),
                          ("die", "sent")):
        with provider.Process() as p, agent.Process("yes"):
            got, results = call(s, tool)
            assert got == 0 and results["actions"][0]["outcome"] == outcome, (tool, got, results)
            assert not results["actions"][0]["verified"]
            if tool == "fail":
                assert "the disk is full" in results["text"], results["text"]
            if tool != "die":
                assert action(s, "tell")["outcome"] == "done", tool


def it_leaves_while_it_is_asked_about(s):
    with provider.Process() as p, agent.Process("hang") as a:
        request = Call(s, "python3/send", "")
        wait_for(lambda: a.asked, "the question")
        p.leave()
        wait_for(lambda: "python3/send" not in listed(s), "it to go")
        a.say("late yes")
        code, results = request.wait()
        assert code == 2 or results["actions"][0]["outcome"] in ("failed", "denied"), dict(results)


harness.main([
    they_come_and_go, hostile_offers_are_refused_by_name, the_first_use_asks,
    arguments_are_checked_before_it_is_called, only_what_can_be_read_is_done, faults_are_told,
    it_leaves_while_it_is_asked_about,
], config="questions:\n  per_minute: 60\n")
