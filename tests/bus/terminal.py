# SPDX-License-Identifier: MIT
"""assistantctl on a terminal, as a hand has it."""
import fcntl
import os
import pty
import subprocess
import termios
import time

import harness

CTL = os.path.join(harness.BUILD, "assistantctl")


class Terminal:
    """assistantctl with a terminal of its own."""

    def __init__(self, *arguments, **more):
        self.master, slave = pty.openpty()

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([CTL, *arguments], stdin=slave, stdout=slave,
                                        stderr=slave, preexec_fn=own_terminal, **more)
        os.close(slave)
        self.seen = b""

    def read_until(self, what=None):
        """Without @what to the end: that of the process comes before that of its text."""
        os.set_blocking(self.master, False)
        end = time.monotonic() + harness.PATIENCE
        while what is None or what not in self.seen:
            try:
                self.seen += os.read(self.master, 4096)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
            assert time.monotonic() < end, self.seen

    def write(self, text):
        os.write(self.master, text)

    def end(self):
        self.read_until()
        os.close(self.master)
        return self.process.wait(), self.seen.replace(b"\r\n", b"\n")


def by_hand(*arguments, typed=()):
    """Status and what was seen of assistantctl; @typed: prompts and answers to them."""
    t = Terminal(*arguments)
    for prompt, answer in typed:
        t.seen = b""
        t.read_until(prompt)
        # Echo is off when the prompt is there, or soon.
        time.sleep(0.1)
        t.write(answer + b"\n")
    status, seen = t.end()
    return status, seen
