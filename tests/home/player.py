#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real media player, mpv with its MPRIS script, by sentences; what it did is asked of
playerctl."""
import os
import shutil
import subprocess
import sys

import house
from house import ask, devices, go_on as say
from harness import PATIENCE, Service, require_bus, run_tests, wait_for
import dbus
import dbus.mainloop.glib

SCRIPT = "/etc/mpv/scripts/mpris.so"
THING = "media_player.mpv"
PLAYER = "org.mpris.MediaPlayer2.mpv"


class Player:
    """Plays a tone to nobody; a context manager."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["mpv", "--no-config", f"--script={SCRIPT}", "--no-video", "--ao=null",
             "--really-quiet", "--volume=80", "av://lavfi:sine=frequency=440"],
            stdin=subprocess.DEVNULL, preexec_fn=house.end_with_us)
        wait_for(lambda: dbus.SessionBus().name_has_owner(PLAYER), "mpv")
        wait_for(lambda: self.ctl("status") == "Playing", "mpv to play")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ctl(self, *words):
        return subprocess.run(["playerctl", "-p", "mpv", *words], capture_output=True, text=True,
                              check=True, timeout=PATIENCE).stdout.strip()


def paused_and_played(service, player):
    say(service, "pause the music", "mpv is paused")
    assert player.ctl("status") == "Paused"
    say(service, "pause the music", "already")
    say(service, "play the music", "mpv is playing")
    assert player.ctl("status") == "Playing"


def the_volume_is_set_and_undone(service, player):
    say(service, "set the volume to 30 percent", "30 %")
    assert float(player.ctl("volume")) == 0.3
    say(service, "turn the volume up", "40 %")
    assert float(player.ctl("volume")) == 0.4
    say(service, "undo that", "30 %")
    assert float(player.ctl("volume")) == 0.3


def what_plays_is_said(service, player):
    say(service, "what is playing", "sine")


def what_was_not_seen_is_not_claimed(service, player):
    results = say(service, "next track", "could not confirm")
    assert results["actions"][0]["outcome"] == "sent", results


def a_player_that_went_is_not_known(service, player):
    player.process.terminate()
    wait_for(lambda: not dbus.SessionBus().name_has_owner(PLAYER), "mpv to go")
    wait_for(lambda: THING not in devices(service), "the player to be forgotten")
    code, results, said = ask(service, "pause the music")
    assert not results.get("actions"), said


TESTS = [paused_and_played, the_volume_is_set_and_undone, what_plays_is_said,
         what_was_not_seen_is_not_claimed, a_player_that_went_is_not_known]


def main():
    if not (shutil.which("mpv") and shutil.which("playerctl") and os.path.exists(SCRIPT)):
        print("skipped: needs mpv, its MPRIS script and playerctl")
        sys.exit(77)
    require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    with Service() as service, Player() as player:
        wait_for(lambda: THING in devices(service), "the player to be known")
        failed = run_tests(TESTS, service, player)
        if failed:
            print(service.output)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
