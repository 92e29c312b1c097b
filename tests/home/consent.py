#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the user allows once and for all, what needs a PIN, and what applications in a sandbox
may: a garage and a lamp of which words are said by hand, by a program, and by an application."""
import json
import os
import subprocess
import sys

import house
from house import ask, state, wait_state
from harness import PATIENCE, Request, fails, wait_for
from agent import Process
from terminal import CTL, by_hand
import flatpak
import dbus

DENIED = "org.freedesktop.DBus.Error.AccessDenied"
INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
NONE = dbus.Dictionary({}, signature="sv")


def grants(s):
    return [(str(g["app"]), str(g["tool"]), str(g["target"]))
            for g in s.interface("Grants1").List(NONE)]


def opened_by_hand(s, asked):
    typed = ((b"[y/N] ", b"y"),) if asked else ()
    status, seen = by_hand("ask", "open the garage", typed=typed)
    assert status == 0 and b"Garage is open." in seen, seen
    assert asked or b"[y/N]" not in seen, seen
    ask(s, "close the garage")
    wait_state(s, "cover.garage", "closed")


def only_a_hand_grants(s, _):
    g = s.interface("Grants1")
    for call, arguments in ((g.Add, ("", "home/open", "cover.garage")),
                            (g.Remove, ("", "home/open", "cover.garage")),
                            (g.SetPin, ("cover.garage", "", "2468"))):
        assert "hand" in fails(DENIED, call, *arguments)
    out = subprocess.run([CTL, "grant", "add", "home/open"], capture_output=True, timeout=PATIENCE,
                         check=False, stdin=subprocess.DEVNULL, start_new_session=True)
    assert out.returncode == 1 and b"hand" in out.stderr, out
    assert grants(s) == []


def always_is_for_this_target(s, _):
    opened_by_hand(s, True)
    status, seen = by_hand("ask", "open the garage", typed=((b"[y/N] ", b"always"),))
    assert status == 0 and b"always" in seen, seen
    assert grants(s) == [("", "home/open", "cover.garage")], grants(s)
    ask(s, "close the garage")
    opened_by_hand(s, False)
    # It is the hand's: a program is asked about as before.
    code, results, _ = ask(s, "open the garage")
    assert code == 2 and results["error"].endswith("ConfirmationUnavailable"), dict(results)
    status, seen = by_hand("grant")
    assert b"you  home/open  cover.garage" in seen, seen
    assert by_hand("grant", "rm", "home/open", "cover.garage")[0] == 0
    assert by_hand("grant", "rm", "home/open", "cover.garage")[0] == 2
    assert grants(s) == []
    opened_by_hand(s, True)


def a_grant_by_hand_lasts(s, _):
    assert by_hand("grant", "add", "home/open", "cover.garage")[0] == 0
    assert by_hand("grant", "add", "home/none", "cover.garage")[0] == 1
    opened_by_hand(s, False)
    # Who forgets everything is asked again.
    assert by_hand("history", "forget")[0] == 0
    wait_for(lambda: grants(s) == [], "the grants to be forgotten")
    opened_by_hand(s, True)


def with_a_pin_nothing_else_will_do(s, _):
    pin = ((b"PIN: ", b"2468"), (b"Once more: ", b"2468"))
    status, seen = by_hand("home", "pin", "cover.garage", typed=pin)
    assert status == 0 and b"2468" not in seen, seen
    assert [str(p["target"]) for p in s.interface("Grants1").ListPins(NONE)] == ["cover.garage"]
    assert by_hand("home", "pin", "cover.none", typed=pin)[0] == 2
    by_hand("grant", "add", "home/open", "cover.garage")
    with Process("yes", "yes:0000", "yes:2468") as agent:
        code, results, _ = ask(s, "open the garage")
        assert code == 0 and state(s, "cover.garage") == "open", dict(results)
        assert [q["tries"] for q in agent.asked] == [3, 2, 1], agent.asked
        assert all(q["pin"] and not q["always"] for q in agent.asked), agent.asked
        # One question, three times shown.
        assert len({t["call"] for t in agent.told}) == 1, agent.told
        # Closing it needs it, too: it is the target's.
        code, results, _ = ask(s, "close the garage")
        assert code == 0, dict(results)
    wait_state(s, "cover.garage", "closed")
    status, seen = by_hand("ask", "open the garage",
                           typed=((b"[y/N] ", b"y"), (b"PIN: ", b"1111"),
                                  (b"[y/N] ", b"y"), (b"PIN: ", b"2468")))
    assert status == 0 and b"2468" not in seen and b"Garage is open." in seen, seen
    with Process("yes:2468"):
        ask(s, "close the garage")
    wait_state(s, "cover.garage", "closed")


def three_wrong_pins_lock_it(s, _):
    with Process("yes:1111") as agent:
        code, results, _ = ask(s, "open the garage")
        assert code == 1 and len(agent.asked) == 3, (code, dict(results))
    with Process("yes:2468") as agent:
        code, _, _ = ask(s, "open the garage")
        assert code == 1 and state(s, "cover.garage") == "closed", code
    out = s.interface("Grants1").ListPins(NONE)
    assert 0 < out[0]["locked_out_ms"] <= 5 * 60 * 1000, out
    status, seen = by_hand("home", "pin", "cover.garage", typed=(
        (b"Present PIN: ", b"2468"), (b"none): ", b""), (b"Once more: ", b"")))
    assert status == 1 and b"Locked" in seen, seen
    with open(os.path.join(s.home, "d/assistantd/pins.json"), encoding="ascii") as f:
        assert "argon2id" in f.read()
    assert "2468" not in s.said() and "1111" not in s.said()


def sandboxed(code):
    """What a program in a sandbox prints of python @code, with a connection and the service."""
    out = subprocess.run([*flatpak.WRAPPER, sys.executable, "-c", HEAD + code], check=False,
                         capture_output=True, text=True, timeout=PATIENCE)
    assert out.returncode == 0, out
    return out.stdout.split("\n")[:-1]


HEAD = """
import dbus, json, sys
bus = dbus.SessionBus()
o = bus.get_object("org.assistantd.Assistant1", "/org/assistantd/Assistant1", introspect=False)
def at(name): return dbus.Interface(o, "org.assistantd." + name)
def options(**k): return dbus.Dictionary(k, signature="sv")
def ask(text):
    try: results = at("Assistant1").Run("ask", text, options(), timeout=300)[1]
    except dbus.DBusException as e: return e.get_dbus_name().split(".")[-1]
    return results["actions"][0]["outcome"] if "actions" in results else results["kind"]
"""


def applications_in_a_sandbox_have_their_own(s, _):
    if not flatpak.available():
        return
    ask(s, "is the lamp on")
    told = sandboxed("""
at("Assistant1").Run("ask", "what time is it", options())
rows = at("Context1").History(options())
print(len(rows), *{str(r["caller"]) for r in rows})
print(len(at("Tools1").Journal(options())))
for name, method, *a in (("Grants1", "List", options()), ("Grants1", "ListPins", options()),
                         ("Grants1", "Add", "", "home/open", "cover.garage"),
                         ("Agents1", "Register", dbus.ObjectPath("/a"), options())):
    try: print(at(name).get_dbus_method(method)(*a))
    except dbus.DBusException as e: print(e.get_dbus_name().split(".")[-1])
print(at("Context1").Forget(options()))
""")
    assert told[0] == f"1 {flatpak.NAME}" and told[1] == "0", told
    assert told[2:6] == ["AccessDenied"] * 4, told
    assert told[6] == "1", told
    # What others did is there still.
    rows = s.interface("Context1").History(NONE)
    assert rows and all(r["caller"] != flatpak.NAME for r in rows), rows


def an_application_is_asked_about_once(s, _):
    if not flatpak.available():
        return
    ask(s, "turn off the lamp")
    with Process("no", "always") as agent:
        told = sandboxed("""
for text in ("turn on the lamp", "turn on the lamp", "turn off the lamp", "turn on the lamp",
             "turn on the lamp"): print(ask(text))
""")
        # No; always; of another tool always; then as granted.
        assert told == ["cancelled", "done", "done", "done", "already"], told
        assert agent.asked[0]["caller"] == flatpak.NAME and agent.asked[0]["always"]
        assert len(agent.asked) == 3, agent.asked
    assert (flatpak.NAME, "home/turn_on", "") in grants(s), grants(s)
    assert by_hand("grant", "rm", "home/turn_on", "--app", flatpak.NAME)[0] == 0
    told = sandboxed('print(ask("turn on the lamp"))')
    assert told == ["ConfirmationUnavailable"], told


def who_is_shut_out_is_out_at_once(s, _):
    if not flatpak.available():
        return

    def apps():
        return {str(a["app"]): a for a in s.interface("Grants1").ListApps(NONE)}
    # How things at home are is the user's to know.
    for text in ("is the lamp on", "are any lights on", "how long is left on my timer"):
        assert sandboxed(f'print(ask("{text}"))') == ["refusal"], text
    assert apps()[flatpak.NAME]["kind"] == "sandboxed" and apps()["python3"]["kind"] == "host"
    assert apps()[flatpak.NAME]["requests"] >= 1 and not apps()[flatpak.NAME]["blocked"]
    fails(DENIED, s.interface("Grants1").Block, "python3", True)
    by_hand("grant", "add", "home/turn_on", "--app", flatpak.NAME)
    code = """
import time
names = at("Tools1").Register(dbus.ObjectPath("/none"), [options(name="a", title="A",
                                                                 description="It does A")])
print(*names, flush=True)
sys.stdin.readline()
print(ask("is the lamp on"))
try: at("Tools1").Register(dbus.ObjectPath("/none"), dbus.Array([], signature="a{sv}"))
except dbus.DBusException as e: print(e.get_dbus_name().split(".")[-1])
"""
    p = subprocess.Popen([*flatpak.WRAPPER, sys.executable, "-c", HEAD + code], text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    tool = p.stdout.readline().strip()
    names = [str(t["name"]) for t in s.interface("Tools1").List(NONE)]
    assert tool == f"{flatpak.NAME}/a" and tool in names, (tool, names)
    assert by_hand("app", "block", flatpak.NAME)[0] == 0
    names = [str(t["name"]) for t in s.interface("Tools1").List(NONE)]
    assert tool not in names and grants(s) == [], (names, grants(s))
    out, _ = p.communicate("go\n", timeout=PATIENCE)
    assert out.split() == ["AccessDenied", "AccessDenied"], out
    assert b"shut out" in by_hand("app")[1]
    with open(os.path.join(s.home, "d/assistantd/blocked.json"), encoding="ascii") as f:
        assert json.load(f) == [flatpak.NAME]
    assert by_hand("app", "unblock", flatpak.NAME)[0] == 0
    assert sandboxed('at("Assistant1").Run("ask", "what time is it", options())\nprint("in")') == \
        ["in"]


def a_minute_has_room_for_so_many(s, _):
    """In a service of its own, with small limits."""
    for _ in range(3):
        assert ask(s, "turn on the lamp")[0] == 0
    code, results, _ = ask(s, "turn on the lamp")
    assert code == 2 and "3 calls" in results["message"], dict(results)
    assert results["error"].endswith("LimitsExceeded") and results["retry_after_ms"] == 0
    for _ in range(4):
        assert ask(s, "what time is it")[0] == 0
    code, results, _ = ask(s, "what time is it")
    assert code == 2 and "8 requests" in results["message"], dict(results)
    assert results["retry_after_ms"] > 0, dict(results)
    # The user's hand is not counted.
    status, seen = by_hand("ask", "turn off the lamp")
    assert status == 0 and b"Lamp is off." in seen, seen


def offers_are_checked(s, _):
    c = s.interface("Context1")

    def offered(*entities):
        return c.Offer(dbus.Array(entities, signature="a{sv}"), NONE)

    def entity(**keys):
        return dbus.Dictionary(keys, signature="sv")
    offered(*(entity(id=str(i), name=f"Mail {i}", type="mail", data="{}") for i in range(50)))
    for bad, word in (([entity(name="a")], "id"), ([entity(id="a")], "name"),
                      ([entity(id="a", name="")], "name"),
                      ([entity(id="a", name="b", colour="red")], "colour"),
                      ([entity(id="a", name="b", data="[]")], "data"),
                      ([entity(id="a", name="b", data="{")], "data"),
                      ([entity(id="a", name=dbus.UInt32(1))], "name"),
                      ([entity(id="a", name="b")] * 2, "id"),
                      ([entity(id=str(i), name="b") for i in range(51)], "50"),
                      ([entity(id="a", name="x" * 17000)], "16384")):
        message = fails(INVALID, offered, *bad)
        assert word in message, (word, message)
    c.Withdraw()
    c.Withdraw()


def calls_are_taken_back_and_told(s, _):
    class Call(Request):
        def call(self, task, text, options):
            return dbus.Interface(self.bus.get_object(
                "org.assistantd.Assistant1", "/org/assistantd/Assistant1", introspect=False),
                "org.assistantd.Tools1").Call(task, text, options)

    class Undo(Request):
        def call(self, task, text, options):
            return dbus.Interface(self.bus.get_object(
                "org.assistantd.Assistant1", "/org/assistantd/Assistant1", introspect=False),
                "org.assistantd.Tools1").Undo(dbus.UInt64(int(text)), options)
    tools = s.interface("Tools1")
    ask(s, "turn off the lamp")
    code, results = Call(s, "home/turn_on", '{"entity": "light.lamp"}').wait()
    assert code == 0 and results["actions"][0]["outcome"] == "done", dict(results)
    row = tools.Journal(NONE)[0]
    assert row["tool"] == "home/turn_on" and row["caller"] == "python3" and row["verified"]
    assert row["why"] == "Tools1.Call" and row["verdict"] == "allow", dict(row)
    assert json.loads(row["arguments"]) == {"entity": "light.lamp"}, dict(row)
    assert json.loads(row["before"])["state"] == "off" and row["undo_tool"] == "home/turn_off"
    code, results = Undo(s, "", str(int(row["call"]))).wait()
    assert code == 0 and state(s, "light.lamp") == "off", dict(results)
    again = tools.Journal(dbus.Dictionary({"call": row["call"]}, signature="sv"))
    assert len(again) == 1 and again[0]["undone_by"] > row["call"], again
    assert tools.Journal(dbus.Dictionary({"limit": dbus.UInt32(1)}, signature="sv"))[0][
        "undo_of"] == row["call"]
    for bad in ({"limit": dbus.UInt32(0)}, {"limit": dbus.UInt32(201)}, {"call": "1"},
                {"colour": "red"}, {"since": dbus.Int64(-1)}):
        fails(INVALID, tools.Journal, dbus.Dictionary(bad, signature="sv"))
    status, seen = by_hand("tool", "call", "home/turn_on", '{"entity": "light.lamp"}')
    assert status == 0 and b"Lamp is on." in seen, seen
    status, seen = by_hand("tool", "show", "home/turn_on")
    assert status == 0 and b"reversible" in seen, seen
    assert b"home/turn_on" in by_hand("tool")[1]


TESTS = [only_a_hand_grants, always_is_for_this_target, a_grant_by_hand_lasts,
         offers_are_checked, calls_are_taken_back_and_told,
         applications_in_a_sandbox_have_their_own, an_application_is_asked_about_once,
         who_is_shut_out_is_out_at_once,
         with_a_pin_nothing_else_will_do, three_wrong_pins_lock_it]


def scenario(home):
    failed = 0
    for limits, tests in (("questions:\n  per_minute: 60\n", TESTS),
                          ("requests:\n  per_minute: 8\n  calls_per_minute: 3\n",
                           [a_minute_has_room_for_so_many])):
        failed += home.serve(tests, home, config=limits)
    return failed


if __name__ == "__main__":
    house.main(scenario, ("Garage", "garage"), ("Lamp",))
