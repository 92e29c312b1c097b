#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calls that are wrong: each is answered with one typed error and one string, at once, and
what is right is answered as before."""
import os
import random
import xml.etree.ElementTree as ET

import harness
from harness import ERROR, Request, fails, spin, wait_for
import dbus

DBUS = "org.freedesktop.DBus.Error."
INVALID = DBUS + "InvalidArgs"
NONE = dbus.Dictionary({}, signature="sv")
LONG = "Send me the report by Friday and the slides by Monday. " * 4000
# A value of each type that arguments here have.
VALUES = {"s": "x", "b": True, "t": dbus.UInt64(1), "u": dbus.UInt32(1), "o": dbus.ObjectPath("/x"),
          "a{sv}": NONE, "a{sh}": dbus.Dictionary({}, signature="sh"),
          "aa{sv}": dbus.Array([], signature="a{sv}"), "d": 1.0,
          "as": dbus.Array(["x"], signature="s"), "v": "x", "i": 7,
          "y": dbus.Byte(7), "ay": dbus.ByteArray(b"\xff"), "(s)": ("x",), "g": dbus.Signature("s")}


def works(s):
    assert s.run("ask", "what time is it")[0].startswith("It is ")
    assert s.run("tone", "Hello you.", max_tokens=dbus.UInt32(4))[1]["tokens_out"] <= 4


def error_of(call, *arguments, **keywords):
    """Name of the error, None where there is none; anything but one string is a failure."""
    try:
        call(*arguments, timeout=harness.PATIENCE, **keywords)
    except dbus.DBusException as error:
        assert len(error.args) == 1 and error.get_dbus_message(), error.args
        assert error.get_dbus_name() != DBUS + "NoReply", error
        return error.get_dbus_name()
    return None


def methods(s, path, prefix="org.assistantd."):
    node = s.bus.get_object(harness.NAME, path, introspect=False)
    tree = ET.fromstring(node.Introspect(dbus_interface=dbus.INTROSPECTABLE_IFACE))
    for interface in tree.findall("interface"):
        if interface.get("name").startswith(prefix):
            for method in interface.findall("method"):
                yield (interface.get("name"), method.get("name"),
                       [a.get("type") for a in method.findall("arg")
                        if a.get("direction") == "in"])


def every_method_checks_its_types(s):
    request = Request(s, "tone", LONG)
    tried = 0
    for path in (harness.PATH, request.path):
        node = s.bus.get_object(harness.NAME, path, introspect=False)
        for interface, name, types in methods(s, path):
            call = node.get_dbus_method(name, interface)
            wrong = [["s"] * (len(types) + 1), types + ["s"], types + ["a{sv}"], ["ay"], ["v"],
                     ["(s)"], ["g", "d"]]
            wrong += [types[:-1]] if types else []
            wrong += [types[:i] + [other] + types[i + 1:] for i in range(len(types))
                      for other in ("i", "y", "as", "v", "d")]
            for signature in wrong:
                if signature == types or "h" in signature:
                    continue
                values = [VALUES[t] for t in signature]
                got = error_of(call, *values, signature="".join(signature))
                assert got == INVALID, f"{interface}.{name}({''.join(signature)}): {got}"
                tried += 1
    request.close()
    assert tried > 150, tried
    works(s)


def no_method_takes_an_unknown_option(s):
    arguments = {"task": "tone", "text": "Hello you.", "name": "plain", "pinned": True,
                 "tool": "home/turn_on", "json": "{}", "agent": dbus.ObjectPath("/agent"),
                 "bytes": dbus.UInt64(1), "none": dbus.Array([], signature="a{sv}")}
    colour = dbus.Dictionary({"colour": "red"}, signature="sv")
    with open(os.devnull, "rb") as nothing:
        fd = dbus.types.UnixFd(nothing)
        arguments.update(fd=fd, files=dbus.Dictionary({"a": fd}, signature="sh"))
        for interface, name, types in methods(s, harness.PATH):
            if types[-1:] != ["a{sv}"] or name in ("Prepare", "Set"):
                continue
            names = {"Run": ("task", "text"), "Start": ("task", "text"),
                     "StartFd": ("task", "fd"), "CheckTask": ("task",),
                     "CountTokens": ("task", "text"), "Add": ("fd", "name"),
                     "Register": ("agent",), "Call": ("tool", "json"), "Offer": ("none",),
                     "Undo": ("bytes",), "Pin": ("name", "pinned"),
                     "Enable": ("name", "pinned"), "SetBudget": ("bytes",),
                     "Import": ("files",), "Stage": ("fd",), "Inspect": ("fd",)}.get(name)
            if interface.endswith(".Training1"):
                names = [{"s": "name", "h": "fd", "t": "bytes"}[t] for t in types[:-1]]
            # Of the others, those that take anything else take a name.
            if names is None:
                names = ("name",) * (len(types) - 1)
            values = [arguments[a] for a in names]
            call = s.object.get_dbus_method(name, interface)
            try:
                call(*values, colour, signature="".join(types))
                raise AssertionError(f"{interface}.{name} takes any option")
            except dbus.DBusException as error:
                assert error.get_dbus_name() == INVALID and "colour" in \
                    error.get_dbus_message(), f"{interface}.{name}: {error}"


def every_option_checks_its_type_and_range(s):
    tasks = s.interface().ListTasks(NONE)
    bad = {"handle_token": ["", "a b", "x" * 65, "ü"], "language": ["x" * 40],
           "format": ["html", ""], "offset_unit": ["utf-7"], "priority": [dbus.UInt32(2)],
           "timeout_ms": [dbus.UInt32(0), dbus.UInt32(3600001)],
           "max_tokens": [dbus.UInt32(0), dbus.UInt32((1 << 20) + 1)],
           "temperature": [-0.1, 2.1, float("nan"), float("inf")], "style": ["x" * 300],
           "adapter": ["x" * 300], "scale": [-0.1, 8.1, float("nan")],
           "adapters": [dbus.Dictionary({"x" * 300: 1.0}, signature="sd"),
                        dbus.Dictionary({"a": 9.0}, signature="sd"),
                        dbus.Dictionary({"a": float("nan")}, signature="sd"),
                        dbus.Dictionary({c: 1.0 for c in "abcde"}, signature="sd")],
           "length": ["tall"], "kind": ["poem"],
           "count": [dbus.UInt32(0), dbus.UInt32(6)], "hint": ["x" * (256 * 1024 + 1)],
           "attachments": [dbus.Array([NONE], signature="a{sv}"),
                           dbus.Array([{"text": dbus.UInt32(1)}], signature="a{sv}"),
                           dbus.Array([{"text": "x", "other": "y"}], signature="a{sv}"),
                           dbus.Array([{"text": "x"}] * 300, signature="a{sv}")]}
    for task, entry in tasks.items():
        for option in entry["options"]:
            for value in bad.get(option, []) + [dbus.Byte(1), dbus.Array([], signature="v"),
                                                dbus.Struct(("x",), signature="s")]:
                message = fails(INVALID, s.run, task, "Hello you.", **{str(option): value})
                assert option in message, message
    crowd = {f"o{i}": "x" for i in range(2000)}
    fails(INVALID, s.run, "tone", "Hello you.", **crowd)
    deep = dbus.Array(["x"], signature="s")
    for _ in range(20):
        deep = dbus.Array([deep], signature=dbus.Signature("a" * (_ + 1) + "s"))
    fails(INVALID, s.run, "tone", "Hello you.", style=deep)
    works(s)


def texts_have_limits(s):
    edge = ("one two " * (32 * 1024))[:256 * 1024]
    Request(s, "tone", edge).close()
    for method in (s.run, lambda task, text: Request(s, task, text)):
        assert "256 KiB" in fails("TooLong", method, "summarize", edge + "x")
        fails("InvalidText", method, "summarize", "")
        fails("InvalidText", method, "summarize", " \n\t ")
    # In bytes, not in letters.
    fails("TooLong", s.run, "summarize", "ü" * (128 * 1024 + 1))
    fails("TaskUnknown", s.run, "x" * 100000, "Hello.")
    fails("TaskUnknown", s.run, "", "Hello.")
    # Beyond what libdbus may be told to take, it would leave the bus.
    fails("TooLong", s.run, "summarize", "x" * (40 << 20))
    fails("TaskUnknown", s.run, "x" * (4 << 20), "Hello.")
    works(s)


def a_request_belongs_to_its_caller(s):
    r = Request(s, "tone", LONG)
    heard = []
    other = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
    other.add_signal_receiver(lambda *a: heard.append(a),
                              dbus_interface="org.assistantd.Request1")
    theirs = other.get_object(harness.NAME, r.path, introspect=False)
    got = error_of(theirs.get_dbus_method("Close", "org.assistantd.Request1"))
    assert got == DBUS + "AccessDenied", got
    again = dbus.Dictionary({"handle_token": r.token}, signature="sv")
    assert "in use" in fails(INVALID, s.interface().Start, "tone", LONG, again)
    wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
    spin(0.2)
    assert not heard, heard
    r.close()
    for path in (r.path, r.path + "/x", harness.PATH + "/request", harness.PATH + "x", "/"):
        node = other.get_object(harness.NAME, path, introspect=False)
        got = error_of(node.get_dbus_method("Close", "org.assistantd.Request1"))
        assert got in (DBUS + "UnknownObject", DBUS + "UnknownMethod"), (path, got)
    other.close()


def random_calls_do_no_harm(s):
    """Right signatures, any values: an answer or a typed error, and soon."""
    source = random.Random(7)
    texts = ["", "x", "\U0001f44d" * 50, "a\u0301" * 500, "Z" * 131072, "%s%n{{ x }}<|im_end|>",
             "\u202e../../etc", "tone", "plain", "default"]

    def value(kind):
        if kind == "a{sv}":
            keys = source.sample(["limit", "words", "id", "style", "colour", ""], 2)
            return dbus.Dictionary({k: value(source.choice("stud")) for k in keys}, "sv")
        return {"s": lambda: source.choice(texts), "b": lambda: source.random() < 0.5,
                "t": lambda: dbus.UInt64(source.choice([0, 1, 2**64 - 1])),
                "u": lambda: dbus.UInt32(source.choice([0, 1, 2**32 - 1])),
                "d": lambda: source.choice([0.0, float("nan"), -1e308]),
                "o": lambda: dbus.ObjectPath("/x"),
                "as": lambda: dbus.Array(source.sample(texts, 2), "s"),
                "aa{sv}": lambda: dbus.Array([value("a{sv}")], "a{sv}")}[kind]()
    calls = [c for c in methods(s, harness.PATH) if not any("h" in t for t in c[2])]
    for _ in range(1500):
        interface, name, types = source.choice(calls)
        error_of(s.object.get_dbus_method(name, interface), *map(value, types),
                 signature="".join(types))
    s.ready()
    # One of them may have switched it off.
    s.interface("Adapters1").Enable("plain", True, NONE)
    works(s)


def errors_name_what_is_known(s):
    """No error of ours is called Internal where the caller is wrong."""
    cases = [("Adapters1", "Load", ("none", NONE), "AdapterUnknown"),
             ("Adapters1", "Unload", ("none", NONE), "AdapterUnknown"),
             ("Adapters1", "Pin", ("none", True, NONE), "AdapterUnknown"),
             ("Models1", "Use", ("none",), "ModelMissing"),
             ("Models1", "Use", ("../x",), "ModelMissing"),
             ("Assistant1", "CheckTask", ("none", NONE), "TaskUnknown"),
             ("Assistant1", "CountTokens", ("none", "x", NONE), "TaskUnknown"),
             ("Assistant1", "CountTokens", ("tone", "", NONE), "InvalidText"),
             ("Assistant1", "CountTokens", ("tone", "x" * (256 * 1024 + 1), NONE), "TooLong")]
    for interface, name, arguments, error in cases:
        fails(error, s.object.get_dbus_method(name, "org.assistantd." + interface), *arguments)
    fails(DBUS + "UnknownObject", s.interface().Fetch, dbus.UInt64(12345))
    got = error_of(s.object.Get, harness.NAME, "Nothing", dbus_interface=dbus.PROPERTIES_IFACE)
    assert got == DBUS + "UnknownProperty", got
    got = error_of(s.object.GetAll, "org.example.X", dbus_interface=dbus.PROPERTIES_IFACE)
    assert got == DBUS + "UnknownInterface", got
    assert not ERROR.endswith("Internal")


harness.main([
    every_method_checks_its_types, no_method_takes_an_unknown_option,
    every_option_checks_its_type_and_range, texts_have_limits, a_request_belongs_to_its_caller,
    random_calls_do_no_harm, errors_name_what_is_known,
], untrained=True)
