#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many callers, callers that end or stop, an engine that ends under load: the queue stays
bounded, memory too, compute ends with what it was for, and everybody is answered."""
import os
import signal
import subprocess
import sys
import time

import harness
from harness import ERROR, PATIENCE, Request, sanitized, spin, told, wait_for
import dbus

LONG = "Send me the report by Friday and the slides by Monday. " * 4500
FEW = dbus.UInt32(4)


def connections(n):
    return [dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"]) for _ in range(n)]


def cpu_seconds(pid):
    """Of all threads of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def streaming(request):
    return any(m == "Delta" for m, _, _ in request.signals)


def idle(s, what):
    """The engine computes nothing soon: what it may still do ends within a layer of one step.
    Its texts would take minutes."""
    pid = s.engine_pid()
    begin = cpu_seconds(pid)

    def still():
        before = cpu_seconds(pid)
        spin(0.5)
        return cpu_seconds(pid) - before <= 0.03
    wait_for(still, f"the end of computing {what}")
    took = cpu_seconds(pid) - begin
    assert took < (4 if sanitized() else 1), f"{took:.2f} s of compute {what}"


CLIENT = """
import sys, dbus
bus = dbus.SessionBus()
o = bus.get_object("org.assistantd.Assistant1", "/org/assistantd/Assistant1", introspect=False)
for i in range(int(sys.argv[1])):
    o.Start("tone", sys.stdin.readline(), dbus.Dictionary({}, signature="sv"),
            dbus_interface="org.assistantd.Assistant1")
print("started", flush=True)
sys.stdin.read()
"""


def client(requests, text):
    p = subprocess.Popen([sys.executable, "-c", CLIENT, str(requests)], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
    p.stdin.write((text + "\n") * requests)
    p.stdin.flush()
    assert p.stdout.readline() == "started\n"
    return p


def end(process):
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def compute_ends_with_its_request(s):
    r = Request(s, "tone", LONG)
    wait_for(lambda: streaming(r), "text")
    before = time.monotonic()
    r.close()
    took = time.monotonic() - before
    told("Close answers (100 ms promised)", took)
    idle(s, "after Close")
    r = Request(s, "tone", LONG, timeout_ms=dbus.UInt32(400))
    response, results = r.wait()
    took = r.response[2] - r.started
    assert response == 2 and results["error"] == ERROR + "TimedOut", dict(results)
    assert took > 0.39, took
    told("a deadline of 400 ms (100 ms more promised)", took)
    idle(s, "after the deadline")
    p = client(6, LONG)
    wait_for(lambda: s.property("QueueLength") == 2, "four to run and two to wait")
    end(p)
    wait_for(lambda: s.property("QueueLength") == 0, "the queue of one who left")
    idle(s, "after its caller was killed")


def a_crowd_is_answered(s):
    """A hundred at once from ten callers: each gets its text, or Busy with a time."""
    done, errors = [], []
    buses = connections(10)
    for i in range(100):
        o = buses[i % 10].get_object(harness.NAME, harness.PATH, introspect=False)
        o.Run("tone", f"Send me report number {i}. " * 4, dbus.Dictionary({}, signature="sv"),
              dbus_interface=harness.NAME, timeout=PATIENCE,
              reply_handler=lambda *a: done.append(a), error_handler=errors.append)
    lengths = []

    def all_answered():
        lengths.append(int(s.property("QueueLength")))
        return len(done) + len(errors) == 100
    wait_for(all_answered, "a hundred answers")
    assert 0 < max(lengths) <= 64, max(lengths)
    assert len(done) >= 64, len(done)
    for e in errors:
        assert e.get_dbus_name() == ERROR + "Busy", e
        wait = int(e.get_dbus_message().partition("retry after ")[2].split()[0])
        assert 200 <= wait <= 60000, e
    assert s.property("QueueLength") == 0
    for bus in buses:
        bus.close()


def one_caller_does_not_take_all(s):
    """The others have their turn while one has as much as it may."""
    mine = [Request(s, "tone", LONG) for _ in range(4)]
    more, refused = [], None
    while not refused and len(more) < 40:
        try:
            more.append(Request(s, "tone", LONG))
        except dbus.DBusException as error:
            refused = error
    assert len(more) == 16, len(more)
    assert refused.get_dbus_name() == ERROR + "Busy", refused
    assert s.property("RetryAfter") >= 200
    other = connections(1)[0]
    before = time.monotonic()
    r = Request(s, "tone", "Hello you.", bus=other, max_tokens=FEW)
    assert r.wait()[0] == 0
    took = time.monotonic() - before
    for r in mine + more:
        r.close()
    other.close()
    told("another caller, while one has all it may", took)
    assert s.property("QueueLength") == 0
    idle(s, "after all was closed")


def the_same_text_in_any_company(s):
    alone = str(s.run("tone", "I want the contract by noon.", max_tokens=dbus.UInt32(40))[0])
    company = [Request(s, "tone", LONG) for _ in range(3)]
    wait_for(lambda: all(map(streaming, company)), "text")
    again = str(s.run("tone", "I want the contract by noon.", max_tokens=dbus.UInt32(40))[0])
    for r in company:
        r.close()
    assert alone == again, (alone, again)


def a_lost_engine_answers_all(s):
    for attempt in range(3):
        requests = []
        buses = connections(3)
        for i, bus in enumerate(buses):
            requests += [Request(s, "tone", f"{attempt} {i} {k} " + LONG, bus=bus)
                         for k in range(2)]
        waiting = [Request(s, "tone", f"{attempt} {k} Hello you.", bus=buses[0], max_tokens=FEW)
                   for k in range(2)]
        wait_for(lambda: any(map(streaming, requests)), "text")
        pid = s.engine_pid()
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        for r in requests:
            response, results = r.wait()
            assert response == 2 and results["error"] == ERROR + "EngineLost", dict(results)
        told("the last EngineLost (200 ms promised)",
             max(r.response[2] for r in requests) - killed)
        s.ready()
        assert s.engine_pid() != pid
        for r in waiting:
            response, results = r.wait()
            # What ran by then is lost, too; what had not begun is not.
            assert response == 0 or results["error"] == ERROR + "EngineLost", dict(results)
        s.run("tone", "Hello you.", max_tokens=FEW)
        for bus in buses:
            bus.close()


def a_stopped_reader_costs_little(s):
    """Neither here nor in the bus, which takes whatever we send."""
    daemon_of_the_bus = int(s.bus.get_object("org.freedesktop.DBus", "/org/freedesktop/DBus")
                            .GetConnectionUnixProcessID("org.freedesktop.DBus"))
    p = client(4, LONG)
    before = s.memory_kib(), memory_kib(daemon_of_the_bus)
    p.send_signal(signal.SIGSTOP)
    spin(8)
    after = s.memory_kib(), memory_kib(daemon_of_the_bus)
    took = time.monotonic()
    s.run("tone", "Hello you.", max_tokens=FEW)
    took = time.monotonic() - took
    end(p)
    grown = [b - a for a, b in zip(before, after)]
    print(f"service and bus grew by {grown} KiB", flush=True)
    assert grown[0] < (32 if sanitized() else 4) * 1024, f"service: {grown[0]} KiB"
    assert grown[1] < 512, f"bus: {grown[1]} KiB"
    told("another caller, beside four streams that nobody reads", took)
    idle(s, "after its caller was killed")


SLEEPER = """
import os, signal, sys
import dbus.mainloop.glib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
import harness
class Bus: bus = dbus.SessionBus()
r = harness.Request(Bus, "tone", "Send me the report by Friday. " * 300)
print("started", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
results = r.wait()[1]
deltas = [a for m, a, _ in r.signals if m == "Delta"]
print(r.streamed() == results["text"], [int(a[0]) for a in deltas] == list(range(1, len(deltas) + 1)),
      max(len(a[3]) for a in deltas), flush=True)
"""


def a_reader_that_goes_on_gets_all(s):
    """What was held back comes as one piece, and the text is whole."""
    p = subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, text=True,
                         env=dict(os.environ, PYTHONPATH=os.path.dirname(harness.__file__)))
    assert p.stdout.readline() == "started\n"
    spin(4)
    p.send_signal(signal.SIGCONT)
    whole, in_order, longest = p.stdout.read().split()
    assert p.wait() == 0 and (whole, in_order) == ("True", "True"), (whole, in_order)
    print(f"the longest piece has {longest} letters", flush=True)


def only_one_runs(s):
    """A second one leaves the first alone, and says why it ends."""
    env = dict(s.env, XDG_STATE_HOME=os.path.join(s.home, "other"))
    out = subprocess.run([os.path.join(harness.BUILD, "assistantd", "assistantd")], env=env,
                         capture_output=True, timeout=PATIENCE, check=False)
    assert out.returncode == 1 and b"another one is running" in out.stderr, out
    s.run("tone", "Hello you.", max_tokens=FEW)


harness.main([
    # First: a bus that has been busy has memory to spare.
    a_stopped_reader_costs_little, a_reader_that_goes_on_gets_all,
    compute_ends_with_its_request, a_crowd_is_answered, one_caller_does_not_take_all,
    the_same_text_in_any_company, a_lost_engine_answers_all, only_one_runs,
], untrained=True)
