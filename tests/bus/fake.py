# SPDX-License-Identifier: MIT
"""A service that answers as it is told by the text: what the real one does seldom, to see what
assistantctl makes of it."""
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.assistantd.Assistant1"
PATH = "/org/assistantd/Assistant1"
REQUEST = "org.assistantd.Request1"


class Request(dbus.service.Object):
    def __init__(self, bus, path, caller):
        super().__init__(bus, path)
        self.caller = caller

    @dbus.service.signal(REQUEST, signature="uuus")
    def Delta(self, seq, channel, offset, text):
        pass

    @dbus.service.signal(REQUEST, signature="ua{sv}")
    def Response(self, response, results):
        pass

    @dbus.service.method(REQUEST)
    def Close(self):
        print("closed", flush=True)
        self.remove_from_connection()

    def answer(self, response, **results):
        self.Response(response, dbus.Dictionary(dict({"warnings": dbus.Array([], "s"),
                                                      "source": "model"}, **results), "sv"))
        self.remove_from_connection()


class Service(dbus.service.Object):
    agent = None

    @dbus.service.method("org.assistantd.Agents1", in_signature="oa{sv}", sender_keyword="sender")
    def Register(self, agent, options, sender=None):
        self.agent = sender, agent

    @dbus.service.method(NAME, in_signature="ssa{sv}", out_signature="o",
                         sender_keyword="sender")
    def Start(self, task, text, options, sender=None):
        text = str(text).strip()
        if text == "be busy":
            raise dbus.DBusException("too many requests wait; retry after 1200 ms",
                                     name="org.assistantd.Error.Busy")
        path = f"{PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
        request = Request(self.connection, path, sender)
        request.adapters = options.get("adapters", {})
        # At once: a caller that watches only after the call has lost these.
        getattr(self, text.replace(" ", "_"))(request)
        return dbus.ObjectPath(path)

    def say_hello(self, r):
        for i, piece in enumerate(("Hel", "lo ", "yöu.")):
            r.Delta(i + 1, 0, i * 3, piece)
        r.answer(0, text="Hello yöu.")

    def suggest_replies(self, r):
        candidates = [dbus.Dictionary({"text": text, "intent": intent, "kind": "meeting"}, "sv")
                      for text, intent in (("See you\x1b[2J then!", "accept"), ("I cän't.", "decline"))]
        r.Delta(1, 0, 0, "See you then!")
        r.answer(0, text="See you then!", candidates=dbus.Array(candidates, "a{sv}"))

    def name_adapters(self, r):
        r.answer(0, text=" ".join(f"{name}={float(scale)}" for name, scale in r.adapters.items()))

    def take_back(self, r):
        r.Delta(1, 0, 0, "Höllo")
        r.Delta(2, 0, 1, "ello")
        r.Delta(3, 0, 5, " you.")
        r.answer(0, text="Hello you.")

    def say_no(self, r):
        r.answer(1, text="Nothing was done.", kind="refusal")

    def fail(self, r):
        r.answer(2, error="org.assistantd.Error.EngineLost", message="the engine ended",
                 retry_after_ms=dbus.UInt32(0))

    def never_end(self, r):
        print("begun", flush=True)
        r.Delta(1, 0, 0, "It ")

    def go_away(self, r):
        r.Delta(1, 0, 0, "It ")
        GLib.timeout_add(200, lambda: os._exit(0))

    def confirm(self, r):
        what = {"summary": "Open the garage \x1b[2J\u009b2J\u202e door", "caller": "assistantctl",
                "tool": "home/open", "arguments": '{"entity": "cover.garage"}',
                "risk": dbus.UInt32(2)}
        o = self.connection.get_object(self.agent[0], self.agent[1], introspect=False)
        o.Confirm(dbus.UInt64(7), dbus.Dictionary(what, "sv"),
                  dbus_interface="org.assistantd.Agent1", timeout=300,
                  reply_handler=lambda decision, _: r.answer(
                      0 if decision == 1 else 1, text="It is open." if decision == 1 else "No."),
                  error_handler=lambda error: r.answer(2, error=error.get_dbus_name(),
                                                       message=str(error)))

    def confirm_from_elsewhere(self, r):
        self.other = other = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
        other.get_object(self.agent[0], self.agent[1], introspect=False).Confirm(
            dbus.UInt64(7), dbus.Dictionary({"summary": "Trust me"}, "sv"),
            dbus_interface="org.assistantd.Agent1", timeout=300,
            reply_handler=lambda *_: r.answer(0, text="It was asked."),
            error_handler=lambda error: r.answer(0, text="Refused."))

    @dbus.service.method("org.assistantd.Context1", in_signature="a{sv}", out_signature="aa{sv}")
    def History(self, query):
        row = {"id": dbus.UInt64(1), "time": dbus.Int64(0), "caller": "x", "task": "reply",
               "finish": "stop", "request": "a mail \x1b]0;title\x07 \u009b31m", "result": "b"}
        return dbus.Array([dbus.Dictionary(row, "sv")], signature="a{sv}")


if __name__ == "__main__":
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    name = dbus.service.BusName(NAME, bus, do_not_queue=True)
    service = Service(bus, PATH)
    print("ready", flush=True)
    try:
        GLib.MainLoop().run()
    except KeyboardInterrupt:
        sys.exit(0)
