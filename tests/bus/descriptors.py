#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""StartFd: texts that are wrong, too long or never end, readers that stop, callers that leave."""
import os
import socket
import subprocess
import sys
import tempfile
import time

import harness
from harness import Request, fails, spin, told, wait_for
import dbus

NONE = dbus.Dictionary({}, signature="sv")
TEXT = "Send me the report by Friday.\n"
TASKS = ("proofread", "tone", "summarize", "reply", "ask")


class FdRequest(Request):
    """One StartFd() over a descriptor, with its signals."""

    def call(self, task, fd, options):
        path, output = self.bus.get_object(harness.NAME, harness.PATH, introspect=False).StartFd(
            task, dbus.types.UnixFd(fd), options, dbus_interface=harness.NAME)
        self.output = output.take()
        return path

    def read(self):
        with os.fdopen(self.output, "rb") as f:
            return f.read()


def file_of(data):
    f = tempfile.TemporaryFile()
    f.write(data)
    f.seek(0)
    return f


def open_descriptors(s):
    return len(os.listdir(f"/proc/{s.process.pid}/fd"))


def every_task_answers(s):
    for task in TASKS:
        for bus_text in (True, False):
            if bus_text:
                r = Request(s, task, TEXT, max_tokens=dbus.UInt32(8))
            else:
                with file_of(TEXT.encode()) as f:
                    r = FdRequest(s, task, f, max_tokens=dbus.UInt32(8))
            response, results = r.wait()
            assert response == 0, (task, dict(results))
            if bus_text:
                assert results["text"] or task == "ask", task
                want = str(results["text"])
                assert r.streamed() == want, (task, r.streamed(), want)
            else:
                # The text goes to the descriptor alone.
                assert "text" not in results, task
                assert not any(m == "Delta" for m, _, _ in r.signals), task
                assert r.read().decode() == want, task
            names = [m for m, _, _ in r.signals]
            assert names[0] == "Progress" and names[-1] == "Response", names
            assert names.count("Response") == 1, names
            assert isinstance(results["warnings"], dbus.Array) and results["id"] > 0


def bad_texts_are_refused(s):
    cases = [(b"", "InvalidText", "empty"), (b" \n ", "InvalidText", "nothing to read"),
             (b"bad \xff\xfe", "InvalidText", "UTF-8"), (b"cut \xe2\x82", "InvalidText", "UTF-8"),
             (b"\xed\xa0\x80 surrogate", "InvalidText", "UTF-8"),
             (b"\xc0\x80 two bytes", "InvalidText", "UTF-8"),
             (b"nul \0 inside", "InvalidText", "NUL"),
             (b"x" * (16 * 1024 * 1024 + 1), "TooLong", "16 MiB")]
    for data, error, what in cases:
        with file_of(data) as f:
            r = FdRequest(s, "tone", f)
        response, results = r.wait()
        assert response == 2 and results["error"] == harness.ERROR + error, dict(results)
        assert what in results["message"], results["message"]
        assert r.read() == b""
    # What is refused leaves a receipt, without a text that cannot be one.
    rows = s.interface("Context1").History(dbus.Dictionary({"limit": dbus.UInt32(3)}, "sv"))
    assert all(r["finish"] in ("InvalidText", "TooLong") for r in rows), rows
    assert all(r["request"] == "" for r in rows), rows


def the_longest_text_is_taken(s):
    line = b"one two three four five six seven eight nine ten.\n"
    with file_of((line * (16 * 1024 * 1024 // len(line) + 1))[:16 * 1024 * 1024]) as f:
        r = FdRequest(s, "proofread", f)
    wait_for(lambda: any(p[0]["stage"] == 3 for m, p, _ in r.signals if m == "Progress"),
             "the model to read")
    # The loop is free all the while.
    took = time.monotonic()
    s.property("State")
    took = time.monotonic() - took
    assert not r.response
    r.close()
    told("another answer beside the longest text", took)
    assert r.read() == b""


def lines_without_letters_need_no_model(s):
    lines = b"1\n" * (2 * 1024 * 1024)
    with file_of(b"Hello you.\n\n" + lines) as f:
        r = FdRequest(s, "proofread", f)
    assert r.read().endswith(lines)
    assert r.wait()[0] == 0


def descriptors_that_are_no_text(s):
    directory = os.open("/tmp", os.O_RDONLY)
    r = FdRequest(s, "tone", directory)
    assert r.wait()[1]["error"].endswith("InvalidText")
    os.close(r.output)
    os.close(directory)
    ours, theirs = socket.socketpair()
    r = FdRequest(s, "summarize", theirs)
    theirs.close()
    ours.sendall(TEXT.encode())
    ours.close()
    assert r.wait()[0] == 0
    os.close(r.output)
    with open("/dev/zero", "rb") as zero:
        r = FdRequest(s, "tone", zero)
    assert r.wait()[1]["error"].endswith("TooLong")
    os.close(r.output)
    write_only = os.open("/dev/null", os.O_WRONLY)
    r = FdRequest(s, "tone", write_only)
    assert r.wait()[1]["error"].endswith("InvalidText")
    os.close(r.output)
    os.close(write_only)


def slow_writers_hold_nothing_up(s):
    readers = []
    for _ in range(8):
        reader, writer = os.pipe()
        readers.append((FdRequest(s, "tone", reader, max_tokens=dbus.UInt32(8)), writer))
        os.close(reader)
        os.write(writer, TEXT.encode())
    s.run("tone", "Hello you.", max_tokens=dbus.UInt32(4))
    for r, writer in readers[:4]:
        # Closed while its text still comes: nothing follows, whatever comes then.
        r.close()
        heard = len(r.signals)
        try:
            os.write(writer, TEXT.encode() * 100)
            spin(0.05)
            os.write(writer, TEXT.encode() * 100)
        except BrokenPipeError:
            pass
        os.close(writer)
        spin(0.05)
        assert len(r.signals) == heard, r.signals
        assert r.read() == b""
    for r, writer in readers[4:]:
        os.write(writer, TEXT.encode())
        os.close(writer)
        assert r.wait()[0] == 0
        assert r.read()


LEAVER = """
import os, time, dbus
bus = dbus.SessionBus()
o = bus.get_object("org.assistantd.Assistant1", "/org/assistantd/Assistant1", introspect=False)
reader, writer = os.pipe()
os.write(writer, b"A text that does not end")
o.StartFd("tone", dbus.types.UnixFd(reader), dbus.Dictionary({}, signature="sv"),
          dbus_interface="org.assistantd.Assistant1")
os.write(1, b"started")
time.sleep(60)
"""


def a_caller_may_leave_while_it_writes(s):
    spin(0.3)
    before = open_descriptors(s)
    for _ in range(4):
        p = subprocess.Popen([sys.executable, "-c", LEAVER], stdout=subprocess.PIPE)
        assert p.stdout.read(7) == b"started"
        p.kill()
        p.wait()
        p.stdout.close()
    wait_for(lambda: open_descriptors(s) <= before, "descriptors to be closed")


def a_reader_that_stops_is_let_go(s):
    """What does not fit the pipe waits, and holds neither the queue nor another caller."""
    text = (TEXT * 10000).encode()
    with file_of(text) as f:
        r = FdRequest(s, "summarize", f, kind="keypoints", length="long")
    s.run("tone", "Hello you.", max_tokens=dbus.UInt32(4))
    os.close(r.output)
    spin(0.2)
    s.run("tone", "Hello you.", max_tokens=dbus.UInt32(4))


def detached_results_can_be_fetched(s):
    r = Request(s, "tone", TEXT, detach=True, max_tokens=dbus.UInt32(8))
    response, results = r.wait()
    assert response == 0
    # By another connection of the same program; not by an id that is not kept.
    other = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
    o = dbus.Interface(other.get_object(harness.NAME, harness.PATH, introspect=False),
                       harness.NAME)
    kept, again = o.Fetch(dbus.UInt64(results["id"]))
    assert kept == 0 and again["text"] == results["text"] and again["id"] == results["id"]
    plain = Request(s, "tone", TEXT, max_tokens=dbus.UInt32(8)).wait()[1]["id"]
    fails("org.freedesktop.DBus.Error.UnknownObject", o.Fetch,
          dbus.UInt64(plain))
    r = Request(s, "tone", TEXT * 3000, detach=True, timeout_ms=dbus.UInt32(300))
    response, results = r.wait()
    kept, again = o.Fetch(dbus.UInt64(results["id"]))
    assert (response, kept) == (2, 2), (response, kept)
    assert again["error"] == harness.ERROR + "TimedOut" and again["message"], dict(again)
    other.close()
    script = ("import dbus; o = dbus.SessionBus().get_object('org.assistantd.Assistant1', "
              "'/org/assistantd/Assistant1', introspect=False); o.Start('tone', 'Hello you.', "
              "dbus.Dictionary({'detach': True, 'max_tokens': dbus.UInt32(300)}, signature='sv'))")
    subprocess.run([sys.executable, "-c", script], check=True, timeout=harness.PATIENCE)
    newest = lambda: s.interface("Context1").History(
        dbus.Dictionary({"limit": dbus.UInt32(1)}, "sv"))[0]
    wait_for(lambda: newest()["request"] == "Hello you.", "the detached request")
    assert newest()["finish"] in ("stop", "length"), newest()["finish"]
    kept, again = s.interface().Fetch(dbus.UInt64(newest()["id"]))
    assert kept == 0 and again["text"] == newest()["result"]


def nothing_stays_open(s):
    spin(0.3)
    before = open_descriptors(s)
    for _ in range(20):
        with file_of(TEXT.encode()) as f:
            r = FdRequest(s, "ask", f)
        r.wait()
        os.close(r.output)
        with file_of(TEXT.encode()) as f:
            fails("TaskUnknown", s.interface().StartFd, "none", dbus.types.UnixFd(f), NONE)
    wait_for(lambda: open_descriptors(s) <= before, "descriptors to be closed")


harness.main([
    every_task_answers, bad_texts_are_refused, the_longest_text_is_taken,
    lines_without_letters_need_no_model, descriptors_that_are_no_text, slow_writers_hold_nothing_up,
    a_caller_may_leave_while_it_writes, a_reader_that_stops_is_let_go,
    detached_results_can_be_fetched, nothing_stays_open,
], untrained=True)
