#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An application that brings tools: as a program one whose tools do what their names say, as a
module what starts it."""
import json
import os
import subprocess
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.assistantd.Assistant1"
BUS_PATH = "/org/assistantd/Assistant1"
PATH = "/test/provider"
LEVEL = json.dumps({"type": "object", "required": ["level"], "additionalProperties": False,
                    "properties": {"level": {"type": "integer", "minimum": 0, "maximum": 9}}})
READ, REVERSIBLE = dbus.UInt32(0), dbus.UInt32(1)
TOOLS = {
    "tell": {"risk": READ, "result_schema": '{"type": "object", "required": ["words"]}'},
    "set": {"risk": REVERSIBLE, "schema": LEVEL, "can_read": True, "can_undo": True},
    "step": {"risk": REVERSIBLE, "can_read": True},
    "lie": {"risk": REVERSIBLE, "schema": LEVEL, "can_read": True},
    "blind": {"risk": REVERSIBLE},
    "hang": {"risk": READ, "timeout_ms": dbus.UInt32(500)},
    "hang_reading": {"risk": REVERSIBLE, "can_read": True, "timeout_ms": dbus.UInt32(800)},
    "die": {"risk": REVERSIBLE},
    "fail": {"risk": READ},
    "nonsense": {"risk": READ},
    "flood": {"risk": READ},
    "wrong": {"risk": READ, "result_schema": '{"type": "object", "required": ["words"]}'},
    "send": {},
}


def offer(name, **keys):
    return dbus.Dictionary(dict({"name": name, "title": name.title(),
                                 "description": f"It does {name}"}, **keys), signature="sv")


class Process:
    """The program with all its tools, or those named; a context manager."""

    def __init__(self, *names):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), *names],
                                        stdout=subprocess.PIPE, text=True)
        self.names = json.loads(self.process.stdout.readline())

    def calls(self):
        """What was called since this was asked last."""
        os.set_blocking(self.process.stdout.fileno(), False)
        return [json.loads(line) for line in self.process.stdout]

    def leave(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()


class Provider(dbus.service.Object):
    level = 0

    def note(self, *what):
        print(json.dumps(what), flush=True)

    @dbus.service.method("org.assistantd.ToolProvider1", in_signature="ssa{sv}",
                         async_callbacks=("reply", "refuse"))
    def Call(self, tool, arguments, context, reply, refuse):
        self.note("Call", tool, arguments)
        result = {"tell": '{"words": "hello"}', "nonsense": "{words", "flood":
                  json.dumps("x" * 100000), "wrong": '{"text": 1}', "send": "null",
                  "blind": '{"state": {"level": 3}}', "hang_reading": "{}",
                  "lie": '{"state": {"level": 7}}'}.get(tool)
        if tool == "die":
            os._exit(0)
        if tool == "set":
            before, self.level = self.level, json.loads(arguments)["level"]
            result = json.dumps({"state": {"level": self.level}, "undo": f"to {before}"})
        if tool == "step":
            self.level += 1
            result = "{}"
        if tool == "fail":
            refuse(dbus.DBusException("the disk is full", name="org.example.Full"))
        elif result is not None:
            reply(result)

    @dbus.service.method("org.assistantd.ToolProvider1", in_signature="ss",
                         async_callbacks=("reply", "refuse"))
    def Read(self, tool, arguments, reply, refuse):
        if tool != "hang_reading":
            reply(json.dumps({"level": self.level, "colour": "red"}))

    @dbus.service.method("org.assistantd.ToolProvider1", in_signature="ss", out_signature="s")
    def Undo(self, tool, token):
        self.note("Undo", tool, token)
        self.level = int(token.split()[1])
        return json.dumps({"state": {"level": self.level}})


def tools(bus):
    return dbus.Interface(bus.get_object(NAME, BUS_PATH, introspect=False),
                          "org.assistantd.Tools1")


def main(names):
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    provider = Provider(bus, PATH)
    offers = [offer(n, **TOOLS[n]) for n in names or TOOLS]
    print(json.dumps(tools(bus).Register(dbus.ObjectPath(PATH),
                                         dbus.Array(offers, signature="a{sv}"))), flush=True)
    assert provider
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1:])
