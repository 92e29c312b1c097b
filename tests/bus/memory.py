#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory: adapters that leave it under pressure, and requests that do not notice."""
import os
import tempfile

import harness
from harness import Request, wait_for
import dbus

NONE = dbus.Dictionary({}, signature="sv")
FEW = dbus.UInt32(4)
LONG = "Send me the report by Friday and the slides by Monday. " * 400


class Stalls:
    """A file like /proc/pressure/memory, always of one length and changed in place."""

    def __init__(self):
        self.fd, self.path = tempfile.mkstemp(prefix="ad.", dir="/tmp")
        self.total = 0
        self.add(0)

    def add(self, microseconds):
        self.total += microseconds
        os.pwrite(self.fd, f"some avg10=0.00 avg60=0.00 avg300=0.00 total={self.total:012}\n"
                  .encode(), 0)


stalls = Stalls()


def adapter(s):
    return {str(a["name"]): a for a in s.interface("Adapters1").List(NONE)}["plain"]


def changes(s):
    seen = []
    s.bus.add_signal_receiver(lambda names: seen.append(list(map(str, names))),
                              dbus_interface="org.assistantd.Adapters1",
                              signal_name="Changed", path=harness.PATH)
    return seen


def what_is_idle_leaves_under_pressure(s):
    assert s.property("Pressure", "Adapters1") == 0
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    assert adapter(s)["state"] == 4
    seen = changes(s)
    running = Request(s, "tone", LONG, style="plain")
    wait_for(lambda: any(m == "Delta" for m, _, _ in running.signals), 30, "text")
    stalls.add(300000)
    wait_for(lambda: s.property("Pressure", "Adapters1") == 1, 10, "pressure")
    wait_for(lambda: ["plain"] in seen, 5, "the signal")
    # It is in use, and what uses it goes on.
    told = len(running.signals)
    wait_for(lambda: len(running.signals) > told + 4, 30, "more text")
    assert adapter(s)["state"] == 4 and running.response is None
    running.close()
    wait_for(lambda: adapter(s)["state"] == 2, 10, "the adapter to leave")
    assert adapter(s)["evictions"] == 1, dict(adapter(s))


def requests_are_served_under_pressure(s):
    before = str(s.run("tone", "I want the contract by noon.", style="plain",
                       max_tokens=dbus.UInt32(40))[0])
    stalls.add(300000)
    wait_for(lambda: s.property("Pressure", "Adapters1") == 2, 10, "more pressure")
    wait_for(lambda: adapter(s)["state"] == 2, 10, "the adapter to leave")
    loads = adapter(s)["loads"]
    again = str(s.run("tone", "I want the contract by noon.", style="plain",
                      max_tokens=dbus.UInt32(40))[0])
    assert again == before, (before, again)
    assert adapter(s)["loads"] == loads + 1 and adapter(s)["misses"] >= 2, dict(adapter(s))


def it_holds_for_the_next_engine(s):
    os.kill(s.engine_pid(), 9)
    wait_for(lambda: s.property("State") != 3, 5, "the end of the engine")
    s.ready()
    stalls.add(300000)
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    wait_for(lambda: adapter(s)["state"] == 2 and adapter(s)["loads"] == 1, 10,
             "the adapter to leave")


os.environ["ASSISTANTD_PRESSURE_FILE"] = stalls.path
try:
    harness.main([what_is_idle_leaves_under_pressure, requests_are_served_under_pressure,
                  it_holds_for_the_next_engine], untrained=True)
finally:
    os.unlink(stalls.path)
