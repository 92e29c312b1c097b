#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""assistantctl: what it prints where, its exit statuses, questions on a terminal; against a
service that does what it is told, and against none."""
import json
import os
import signal
import subprocess
import sys
import tempfile

import harness
from terminal import CTL, Terminal

HERE = os.path.dirname(os.path.abspath(__file__))


class Fake:
    """A context manager; a service that ended is started anew."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "fake.py")],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def ctl(*arguments, text=b"", **more):
    return subprocess.run([CTL, *arguments], input=text, capture_output=True,
                          timeout=harness.PATIENCE,
                          check=False, **more)


def expect(status, stdout, stderr, *arguments, **more):
    out = ctl(*arguments, **more)
    assert out.returncode == status, out
    assert out.stdout == stdout, out
    assert (stderr in out.stderr) if stderr else out.stderr == b"", out
    return out


def results_go_to_stdout():
    with Fake():
        expect(0, "Hello yöu.\n".encode(), None, "tone", text=b"say hello")
        expect(0, "Hello yöu.\n".encode(), None, "ask", "say", "hello")
        expect(0, b"Hello you.\n", None, "tone", "--stream", text=b"take back")
        out = json.loads(expect(0, ctl("tone", "--json", text=b"say hello").stdout, None, "tone",
                                "--json", text=b"say hello").stdout)
        assert out["text"] == "Hello yöu.", out
        with tempfile.NamedTemporaryFile() as f:
            f.write(b"say hello\n")
            f.flush()
            expect(0, "Hello yöu.\n".encode(), None, "tone", f.name)
            expect(0, "Hello yöu.\n".encode(), None, "tone", "--", f.name)
        expect(0, "Hello yöu.\n".encode(), None, "tone", "-", text=b"say hello")


def all_replies_are_shown():
    with Fake():
        expect(0, "See you?[2J then!\nI cän't.\n".encode(), None, "reply", text=b"suggest replies")
        with tempfile.NamedTemporaryFile() as f:
            f.write(b"suggest replies")
            f.flush()
            for options, first in (((), "1  See you?[2J then!  (accept)"),
                                   (("--stream",), "See you then!")):
                status, seen = Terminal(*options, "reply", f.name).end()
                assert (status, seen.decode()) == (0, first + "\n2  I cän't.  (decline)\n"), seen


def adapters_have_names_and_scales():
    with Fake():
        expect(0, b"a=1.0 b-c=0.25 d=0.0\n", None, "tone", "--adapter", "a", "--adapter",
               "b-c=0.25", "--adapter", "d=0", text=b"name adapters")
        expect(0, b"\n", None, "tone", text=b"name adapters")


def statuses_are_as_documented():
    with Fake():
        expect(1, b"", b"EngineLost: the engine ended", "tone", text=b"fail")
        expect(4, b"", b"Busy: too many requests wait; retry after 1200 ms", "tone",
               text=b"be busy")
        expect(5, b"Nothing was done.\n", None, "ask", "say no")
        expect(3, b"", b"assistantctl: ", "tone", text=b"go away")
    expect(3, b"", b"assistantctl: ", "tone", text=b"say hello")
    expect(3, b"", b"assistantctl: ", "status")
    nobody = dict(os.environ, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
    expect(3, b"", b"no session bus", "status", env=nobody)


def usage_is_told():
    for arguments in ((), ("dance",), ("tone", "a", "b"), ("tone", "--colour"), ("ask",),
                      ("tone", "--style"), ("tone", "--max-tokens", "x"),
                      ("tone", "--adapter", "a=much"), ("tone", "--adapter", "=1"),
                      ("tone", "--adapter", "a="), ("tone", "--adapter", "a=8.5"),
                      ("tone",) + ("--adapter", "a") * 5, ("tone", "--adapter", "x" * 80),
                      ("tone", "--max-tokens", "0"), ("adapter", "load"), ("model", "dance"),
                      ("home", "set")):
        out = ctl(*arguments)
        assert out.returncode == 2 and out.stdout == b"" and out.stderr, (arguments, out)
    out = ctl("--help")
    assert out.returncode == 0 and b"Exit status" in out.stdout and out.stderr == b""
    out = ctl("tone", "--help")
    assert out.returncode == 0 and out.stdout


def texts_that_are_none_are_named():
    with Fake():
        expect(2, b"", b"standard input: byte 3 is not UTF-8", "tone", text=b"abc\xffdef")
        expect(2, b"", b"byte 2 is not UTF-8", "tone", text=b"ab\0c")
        expect(2, b"", b"byte 4 is not UTF-8", "tone", text=b"cut \xe2\x82")
        expect(2, b"", b"/nonexistent: No such file", "tone", "/nonexistent")
        expect(2, b"", b"Is a directory", "tone", "/tmp")
        # libdbus would end the program at such an argument.
        for arguments in (("ask", b"\xff"), ("tone", "--style", b"\xff"), ("history", b"\xff"),
                          ("adapter", "load", b"\xff"), ("model", "use", b"\xff"),
                          ("home", "set", b"\xff", "area=x"), ("home", "set", "x", b"area=\xff"),
                          ("tone", "--adapter", b"\xc3"), ("ask", "--area", b"\xff", "hello")):
            out = ctl(*arguments, text=b"say hello")
            assert out.returncode == 2 and b"UTF-8" in out.stderr, (arguments, out)
    with tempfile.TemporaryFile() as f:
        f.seek(16 * 1024 * 1024)
        f.write(b"x")
        f.seek(0)
        out = subprocess.run([CTL, "tone"], stdin=f, capture_output=True,
                             timeout=harness.PATIENCE, check=False)
        assert out.returncode == 2 and b"longer than 16 MiB" in out.stderr, out


def a_reader_that_has_enough_ends_it_quietly():
    with Fake():
        reader, writer = os.pipe()
        os.close(reader)
        out = subprocess.run([CTL, "tone"], input=b"say hello", stdout=writer,
                             stderr=subprocess.PIPE, timeout=harness.PATIENCE, check=False)
        os.close(writer)
        assert out.returncode == -signal.SIGPIPE and out.stderr == b"", out


def interruption_closes_the_request():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Fake() as fake:
            p = subprocess.Popen([CTL, "tone"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
            p.stdin.write(b"never end")
            p.stdin.close()
            assert fake.process.stdout.readline() == "begun\n"
            p.send_signal(number)
            assert p.wait(harness.PATIENCE) == 130, p.returncode
            assert p.stdout.read() == b""
            assert fake.process.stdout.readline() == "closed\n"
            p.stdout.close()
            p.stderr.close()


def text_streams_on_a_terminal():
    with Fake():
        t = Terminal("ask", "--stream", "take back")
        status, seen = t.end()
        assert status == 0 and seen.endswith(b"Hello you.\n"), seen
        t = Terminal("ask", "--stream", "never end")
        t.read_until(b"It ")
        t.write(b"\x03")
        assert t.end()[0] == 130


def consent_is_asked_on_the_terminal():
    with Fake():
        for answer, status, text in ((b"y\n", 0, b"It is open."), (b"n\n", 5, b"No."),
                                     (b"\n", 5, b"No."), (b"yes please\n", 5, b"No."),
                                     (b"Yes\n", 5, b"No.")):
            t = Terminal("ask", "confirm")
            t.read_until(b"[y/N] ")
            # What others wrote does not reach the terminal as it is.
            question = t.seen.decode()
            assert "home/open" in question and '{"entity": "cover.garage"}' in question, question
            assert not {"\x1b", "\u009b", "\u202e"} & set(question), repr(question)
            t.write(answer)
            got = t.end()
            assert got[0] == status and text in got[1], (answer, got)
    with Fake():
        # Any program may call; only the service's questions are shown.
        status, seen = Terminal("ask", "confirm from elsewhere").end()
        assert status == 0 and b"Refused." in seen and b"Trust" not in seen, (status, seen)
    with Fake():
        # Nobody to ask: no agent, which the service would have to have.
        out = subprocess.run([CTL, "ask", "confirm"], capture_output=True, timeout=harness.PATIENCE,
                             check=False, stdin=subprocess.DEVNULL, start_new_session=True)
        assert out.returncode == 1, out


def others_texts_do_not_move_the_terminal():
    with Fake():
        out = ctl("history")
        assert out.returncode == 0 and b"a mail" in out.stdout, out
        assert not {"\x1b", "\x07", "\u009b"} & set(out.stdout.decode()), out.stdout


harness.main_apart([
    results_go_to_stdout, all_replies_are_shown, statuses_are_as_documented, usage_is_told,
    adapters_have_names_and_scales,
    texts_that_are_none_are_named, a_reader_that_has_enough_ends_it_quietly,
    interruption_closes_the_request, text_streams_on_a_terminal,
    consent_is_asked_on_the_terminal, others_texts_do_not_move_the_terminal,
])
