#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A question by a notification of a real server, dunst on a virtual screen, whose buttons are
pressed through its menu."""
import os
import subprocess

import house
from house import ask, state, wait_state
from harness import PATIENCE, Request, wait_for
import dbus


class Dunst:
    """With a menu in which the entry is chosen that a file names; a context manager."""

    def __init__(self, folder):
        self.choice = os.path.join(folder, "choice")
        self.config = os.path.join(folder, "dunstrc")
        menu = os.path.join(folder, "menu")
        with open(menu, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nexec grep -m1 \"$(cat {self.choice})\"\n")
        os.chmod(menu, 0o700)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"[global]\ndmenu = {menu}\n")

    def __enter__(self):
        reader, writer = os.pipe()
        self.screen = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp"],
                                       pass_fds=[writer], stderr=subprocess.DEVNULL,
                                       preexec_fn=house.end_with_us)
        os.close(writer)
        display = b""
        while not display.endswith(b"\n"):
            display += os.read(reader, 16)
        os.close(reader)
        self.env = dict(os.environ, DISPLAY=":" + display.decode().strip())
        self.process = subprocess.Popen(["dunst", "-conf", self.config], env=self.env,
                                        stderr=subprocess.DEVNULL,
                                        preexec_fn=house.end_with_us)
        bus = dbus.SessionBus()
        wait_for(lambda: bus.name_has_owner("org.freedesktop.Notifications"), "dunst")
        return self

    def __exit__(self, *_):
        for process in (self.process, self.screen):
            process.terminate()
            process.wait()

    def ctl(self, *words):
        return subprocess.run(["dunstctl", *words], env=self.env, capture_output=True, text=True,
                              check=True, timeout=PATIENCE).stdout.strip()

    def shown(self):
        return self.ctl("count", "displayed") == "1"

    def press(self, label):
        with open(self.choice, "w", encoding="utf-8") as f:
            f.write(label)
        self.ctl("context")


def pressed(service, dunst, act):
    request = Request(service, "ask", "open the garage")
    wait_for(dunst.shown, "the notification")
    act()
    code, results = request.wait()
    wait_for(lambda: not dunst.shown(), "the notification to go")
    return code, dict(results)


def a_button_is_an_answer(service, dunst):
    code, results = pressed(service, dunst, lambda: dunst.press("No"))
    assert code == 1 and state(service, "cover.garage") == "closed", results
    code, results = pressed(service, dunst, lambda: dunst.press("Yes"))
    assert code == 0 and state(service, "cover.garage") == "open", results
    ask(service, "close the garage")
    wait_state(service, "cover.garage", "closed")


def one_that_is_closed_is_no(service, dunst):
    code, results = pressed(service, dunst, lambda: dunst.ctl("close"))
    assert code == 1 and state(service, "cover.garage") == "closed", results


def one_that_nobody_looks_at_is_no(service, dunst):
    code, results = pressed(service, dunst, lambda: None)
    assert code == 1 and state(service, "cover.garage") == "closed", results


TESTS = [a_button_is_an_answer, one_that_is_closed_is_no, one_that_nobody_looks_at_is_no]


def scenario(home):
    with Dunst(home.folder) as dunst:
        return home.serve(TESTS, dunst, config="questions:\n  seconds: 4\n  per_minute: 60\n")


if __name__ == "__main__":
    house.main(scenario, ("Garage", "garage"), needs=("dunst", "Xvfb"))
