#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Agents of tests. As a program one that answers as it is told: who asks for something cannot
answer for the user itself, so an agent is a process of its own. As a module what starts it."""
import json
import os
import subprocess
import sys
import threading

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.assistantd.Assistant1"
BUS_PATH = "/org/assistantd/Assistant1"
PATH = "/test/agent"


def plain(value):
    """As JSON has it."""
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return int(value) if isinstance(value, int) else str(value)


class Process:
    """Registers, and answers one question after the other with @answers, the last for all that
    follow: no, yes, always, yes:PIN, hang, die, or what is no answer: error, seven, text."""

    def __init__(self, *answers, wrapper=(), path=PATH, wait=True, **options):
        options = dict(options, path=path)
        self.process = subprocess.Popen([*wrapper, sys.executable, os.path.abspath(__file__),
                                         json.dumps(options), *answers], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.told = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.registered = self.process.stdout.readline().strip() if wait else ""
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.told.append(json.loads(line))

    @property
    def asked(self):
        return [t["what"] for t in self.told if "what" in t]

    @property
    def cancelled(self):
        return [t["cancel"] for t in self.told if "cancel" in t]

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def leave(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()


class Agent(dbus.service.Object):
    def __init__(self, bus, path, answers):
        super().__init__(bus, path)
        self.answers = answers
        self.held = None

    @dbus.service.method("org.assistantd.Agent1", in_signature="ta{sv}",
                         async_callbacks=("reply", "refuse"), sender_keyword="sender",
                         message_keyword="message")
    def Confirm(self, call, what, reply, refuse, sender=None, message=None):
        print(json.dumps({"call": int(call), "what": plain(what)}), flush=True)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        self.answer(message, answer)

    def answer(self, message, answer):
        decision = {"no": 0, "yes": 1, "always": 2, "seven": 7}
        word, _, pin = answer.partition(":")
        if word == "die":
            os._exit(0)
        if word == "hang":
            self.held = message
            return
        if word == "error":
            reply = dbus.lowlevel.ErrorMessage(message, "org.example.Broken", "broken")
        else:
            reply = dbus.lowlevel.MethodReturnMessage(message)
            if word == "text":
                reply.append("yes", signature="s")
            else:
                reply.append(dbus.UInt32(decision[word]), dict({"pin": pin} if pin else {}),
                             signature="ua{sv}")
        self.connection.send_message(reply)

    @dbus.service.method("org.assistantd.Agent1", in_signature="t")
    def Cancel(self, call):
        print(json.dumps({"cancel": int(call)}), flush=True)

    def on_command(self, source, _):
        """late ANSWER: to the call that was left hanging; unregister."""
        words = source.readline().split()
        if words[:1] == ["late"] and self.held:
            self.answer(self.held, words[1])
        elif words == ["unregister"]:
            agents(self.connection).Unregister(dbus.ObjectPath(self._object_path))
            print(json.dumps({"unregistered": True}), flush=True)
        return bool(words)


def agents(bus):
    return dbus.Interface(bus.get_object(NAME, BUS_PATH, introspect=False),
                          "org.assistantd.Agents1")


def main(options, answers):
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    agent = Agent(bus, options.pop("path"), answers)
    try:
        agents(bus).Register(dbus.ObjectPath(agent._object_path), dbus.Dictionary(
            {k: dbus.UInt32(v) if type(v) is int else v for k, v in options.items()},
            signature="sv"))
        print("registered", flush=True)
    except dbus.DBusException as error:
        print(error.get_dbus_name(), flush=True)
        return
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN, agent.on_command)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
