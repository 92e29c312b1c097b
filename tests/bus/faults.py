#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What goes wrong around a request: engines that end, callers that leave or stop, crowds."""
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import harness
from harness import Request, fails, spin, told, wait_for
import dbus

LONG = "Send me the report by Friday and the slides by Monday. " * 400


def signals_come_in_order(s):
    r = Request(s, "tone", "Send me the report. I need the slides today.", adapter="tone-friendly")
    response, results = r.wait()
    assert response == 0 and r.streamed() == str(results["text"]), r.signals
    spin(0.3)
    names = [m for m, _, _ in r.signals]
    assert names.count("Response") == 1 and names[-1] == "Response", names
    assert names[0] == "Progress"
    fails("org.freedesktop.DBus.Error.UnknownObject", r.close)


def nothing_follows_close(s):
    r = Request(s, "tone", LONG, adapter="tone-friendly")
    wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
    heard = []
    before = time.monotonic()
    # Not with close(): a call that waits takes its reply out of the order of messages, and
    # what was sent before it is heard behind it.
    s.bus.get_object(harness.NAME, r.path, introspect=False).Close(
        dbus_interface="org.assistantd.Request1",
        reply_handler=lambda: heard.append(len(r.signals)), error_handler=heard.append)
    wait_for(lambda: heard, "the answer of Close")
    took = time.monotonic() - before
    spin(0.5)
    assert [len(r.signals)] == heard, (heard, r.signals)
    told("Close answers (100 ms promised)", took)
    s.run("proofread", "It still works.")


def the_same_text_alone_and_in_a_crowd(s):
    alone = str(s.run("tone", "I want the contract by noon.", adapter="tone-professional")[0])
    crowd = [Request(s, "tone", f"Give me the budget {i} times today.", adapter="tone-friendly")
             for i in range(3)]
    assert str(s.run("tone", "I want the contract by noon.", adapter="tone-professional")[0]) == alone
    for r in crowd:
        assert r.wait()[0] == 0


def deadline_ends_it(s):
    before = time.monotonic()
    message = fails("TimedOut", s.run, "tone", LONG, adapter="tone-friendly",
                    timeout_ms=dbus.UInt32(400))
    took = time.monotonic() - before
    assert took > 0.35, took
    told("a deadline of 0.4 s", took)
    assert "timeout_ms" in message
    s.run("proofread", "It still works.")


def engine_lost_is_told_at_once(s):
    r = Request(s, "tone", LONG, adapter="tone-friendly")
    wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
    pid = s.engine_pid()
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    response, results = r.wait()
    took = r.response[2] - killed
    assert response == 2 and results["error"] == harness.ERROR + "EngineLost", results
    told("EngineLost is told (200 ms promised)", took)
    s.ready()
    assert s.engine_pid() != pid
    s.run("proofread", "It still works.")


def rules_do_without_a_lost_engine(s):
    """What was still to be chosen is said in the first way, and the caller is told."""
    text = "Send me the report by Friday. " * 2000
    r = Request(s, "tone", text, style="friendly")
    wait_for(lambda: any(m == "Progress" and a[0]["stage"] == 3 for m, a, _ in r.signals),
             "the model to be asked")
    os.kill(s.engine_pid(), signal.SIGKILL)
    response, results = r.wait()
    assert response == 0 and "the first one was taken" in str(results["warnings"]), results
    assert str(results["text"]).count("ould you send me the report by Friday?") > 1500, results
    s.ready()
    # And Close ends it.
    r = Request(s, "tone", text, style="friendly")
    wait_for(lambda: any(m == "Progress" and a[0]["stage"] == 3 for m, a, _ in r.signals),
             "the model to be asked")
    r.close()
    wait_for(lambda: s.property("QueueLength") == 0, "its end")
    assert not r.response
    s.run("proofread", "It still works.")


def three_crashes_refuse_the_text(s):
    text = "This text is bad luck for engines. " * 300
    for _ in range(3):
        r = Request(s, "tone", text, adapter="tone-friendly")
        wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
        os.kill(s.engine_pid(), signal.SIGKILL)
        assert r.wait()[0] == 2
        s.ready()
    r = Request(s, "tone", text, adapter="tone-friendly")
    response, results = r.wait()
    assert response == 2 and "three times" in results["message"], results
    s.run("proofread", "It still works.")


CLIENT = """
import sys, dbus
bus = dbus.SessionBus()
o = bus.get_object("org.assistantd.Assistant1", "/org/assistantd/Assistant1", introspect=False)
for i in range(3):
    o.Start("tone", sys.argv[1],
            dbus.Dictionary({"adapter": "tone-friendly", "handle_token": "c%d" % i}, signature="sv"),
            dbus_interface="org.assistantd.Assistant1")
print("started", flush=True)
sys.stdin.read()
"""


def client_process():
    p = subprocess.Popen([sys.executable, "-c", CLIENT, LONG], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "started\n"
    return p


def a_killed_callers_requests_end(s):
    client = client_process()
    spin(0.3)
    client.kill()
    client.wait()
    killed = time.monotonic()
    # Its compute is free again: another caller's request is not behind three long ones.
    s.run("tone", "Send me the slides.", adapter="tone-friendly")
    told("another request after the caller was killed", time.monotonic() - killed)
    rows = lambda: [r for r in s.interface("Context1").History(
        dbus.Dictionary({"limit": dbus.UInt32(5)}, signature="sv"))
                    if r["finish"] == "Cancelled"]
    wait_for(lambda: len(rows()) >= 3, "three cancelled receipts")


def a_tone_is_left_while_its_ways_are_looked_for(s):
    """Which is beside the loop, and nobody waits for what comes of it."""
    text = "I just wanted to let you know that we cannot come. " * 1200
    requests = [Request(s, "tone", text, style="friendly") for _ in range(3)]
    for request in requests:
        request.close()
    assert s.run("tone", "Send me the slides.", style="friendly")[0]
    assert not any(r.response for r in requests)


def a_stopped_reader_costs_little(s):
    client = client_process()
    client.send_signal(signal.SIGSTOP)
    before = s.memory_kib()
    spin(4)
    s.run("proofread", "It still works.")
    grown = s.memory_kib() - before
    client.send_signal(signal.SIGKILL)
    client.wait()
    assert grown < 16 * 1024, f"{grown} KiB"


def a_hundred_at_once(s):
    done, errors = [], []
    for i in range(100):
        s.object.Run("tone", f"Send me report number {i}.",
                     dbus.Dictionary({"adapter": "tone-friendly"}, signature="sv"),
                     dbus_interface=harness.NAME, timeout=harness.PATIENCE,
                     reply_handler=lambda *a: done.append(a), error_handler=errors.append)
    wait_for(lambda: len(done) + len(errors) == 100, "a hundred answers")
    names = {e.get_dbus_name() for e in errors}
    assert names <= {harness.ERROR + "Busy"}, names
    assert len(done) >= 16, len(done)
    assert all("retry after" in e.get_dbus_message() for e in errors)
    assert s.property("QueueLength") == 0


def raw_connection():
    """A client that checks nothing: libdbus would not send what we want to send."""
    address = os.environ["DBUS_SESSION_BUS_ADDRESS"].split(",")[0]
    kind, _, path = address.partition("=")
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(harness.PATIENCE)
    sock.connect("\0" + path if kind.endswith("abstract") else path)
    uid = str(os.getuid()).encode().hex()
    sock.sendall(b"\0AUTH EXTERNAL " + uid.encode() + b"\r\n")
    assert sock.recv(4096).startswith(b"OK")
    sock.sendall(b"BEGIN\r\n")
    return sock


def message(serial, path, interface, member, destination, signature=b"", body=b""):
    def pad(b, n):
        return b + b"\0" * (-len(b) % n)

    def text(s):
        return struct.pack("<I", len(s)) + s + b"\0"
    fields = b""
    for code, kind, value in ((1, b"o", path), (2, b"s", interface), (3, b"s", member),
                              (6, b"s", destination), (8, b"g", signature)):
        if kind == b"g" and not value:
            continue
        fields = pad(fields, 8)
        coded = bytes([len(value)]) + value + b"\0" if kind == b"g" else text(value)
        fields += bytes([code, 1]) + kind + b"\0" + coded
    head = b"l\1\0\1" + struct.pack("<II", len(body), serial) + struct.pack("<I", len(fields))
    return pad(head + fields, 8) + body


def bad_strings_do_no_harm(s):
    for text in (b"bad \xff\xfe text", b"cut \xc3", b"nul \0 inside", b"\xed\xa0\x80"):
        sock = raw_connection()
        sock.sendall(message(1, b"/org/freedesktop/DBus", b"org.freedesktop.DBus", b"Hello",
                             b"org.freedesktop.DBus"))
        sock.recv(4096)
        body = struct.pack("<I", 9) + b"proofread\0"
        body += b"\0" * (-len(body) % 4) + struct.pack("<I", len(text)) + text + b"\0"
        body += b"\0" * (-len(body) % 4) + struct.pack("<I", 0)
        body += b"\0" * (-len(body) % 8)
        sock.sendall(message(2, harness.PATH.encode(), harness.NAME.encode(), b"Run",
                             harness.NAME.encode(), b"ssa{sv}", body))
        sock.settimeout(5)
        try:
            while sock.recv(65536):
                pass
        except (socket.timeout, ConnectionError):
            pass
        sock.close()
    s.run("proofread", "It still works.")


def a_broken_configuration_keeps_the_old(s):
    with open(s.config, "w", encoding="utf-8") as f:
        f.write("requests:\n  running: many\n")
    s.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "2:12" in s.said(), "the place of the mistake")
    s.run("proofread", "It still works.")


harness.main([
    signals_come_in_order, nothing_follows_close, the_same_text_alone_and_in_a_crowd,
    deadline_ends_it, engine_lost_is_told_at_once, rules_do_without_a_lost_engine,
    three_crashes_refuse_the_text, a_killed_callers_requests_end,
    a_tone_is_left_while_its_ways_are_looked_for, a_stopped_reader_costs_little,
    a_hundred_at_once, bad_strings_do_no_harm, a_broken_configuration_keeps_the_old,
])
