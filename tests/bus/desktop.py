#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tools of examples/tools/desktop.yaml against stand-ins of the services that they name."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
from mocks import Mocks, dbus, dbusmock
from runner import Runner

FILES = [os.path.join(harness.SOURCE, "examples", "tools", "desktop.yaml")]
PLAYER = "org.mpris.MediaPlayer2"
PLAYER_PATH = "/org/mpris/MediaPlayer2"
PLAYER_INTERFACE = PLAYER + ".Player"


def expect(answer, outcome, verified, **after):
    assert (answer["outcome"], answer["verified"]) == (outcome, verified), answer
    for name, value in after.items():
        assert (answer.get("after") or {}).get(name) == value, (name, answer)


def player(name, volume=0.5, title="A song"):
    process, mock = Mocks.server(f"{PLAYER}.{name}", PLAYER_PATH, PLAYER_INTERFACE)
    mock.AddProperties(PLAYER, {"Identity": name.capitalize() + " Player"})
    mock.AddProperties(PLAYER_INTERFACE, dbus.Dictionary({
        "PlaybackStatus": "Paused", "Volume": dbus.Double(volume),
        "Metadata": dbus.Dictionary({"xesam:title": title, "mpris:trackid":
                                     dbus.ObjectPath("/track/1"), "xesam:artist":
                                     dbus.Array(["Somebody"], signature="s")},
                                    signature="sv")}, signature="sv"))
    change = 'self.Set("%s", "PlaybackStatus", "%s")'
    for method, status in (("Play", "Playing"), ("Pause", "Paused"), ("Stop", "Stopped")):
        mock.AddMethod(PLAYER_INTERFACE, method, "", "", change % (PLAYER_INTERFACE, status))
    mock.AddMethod(PLAYER_INTERFACE, "Next", "", "", f'self.Set("{PLAYER_INTERFACE}", '
                   '"Metadata", dbus.Dictionary({"xesam:title": "Another"}, signature="sv"))')
    mock.AddMethod(PLAYER_INTERFACE, "Previous", "", "", "")
    mock.AddMethod(PLAYER_INTERFACE, "Seek", "x", "", "")
    return process, mock


def players_are_things(runner):
    process, _ = player("first")
    player("other.instance42")
    harness.wait_for(lambda: len(runner.things()) == 2, "both players")
    things = runner.things()
    first = things["media_player.first"]
    assert first["domain"] == "media_player" and first["name"] == "First Player", first
    assert first["state"] == "paused" and first["attributes"]["volume"] == 50, first
    assert first["attributes"]["media_artist"] == "Somebody", first
    assert "media_player.other_instance42" in things, things
    process.terminate()
    process.wait()
    harness.wait_for(lambda: len(runner.things()) == 1, "the player to go")
    answer = runner.call("media/play", entity="media_player.first")
    assert answer["outcome"] == "failed" and "no service" in answer["text"], answer


def a_player_obeys(runner):
    _, mock = player("third")
    thing = "media_player.third"
    harness.wait_for(lambda: thing in runner.things(), "the player")
    answer = runner.call("media/play", entity=thing)
    expect(answer, "done", True, state="playing")
    assert answer["before"]["state"] == "paused", answer
    expect(runner.call("media/play", entity=thing), "already", True, state="playing")
    harness.wait_for(lambda: runner.things()[thing]["state"] == "playing", "the signal")
    expect(runner.call("media/set_volume", entity=thing, volume=33), "done", True, volume=33)
    expect(runner.call("media/next", entity=thing), "done", True, media_title="Another")
    expect(runner.call("media/seek", entity=thing, seconds=-10), "done", False)
    assert [c[2] for c in mock.GetCalls() if c[1] == "Seek"] == [[-10000000]], mock.GetCalls()
    expect(runner.call("media/stop", entity=thing), "done", True, state="idle")
    answer = runner.call("media/state", entity=thing)
    assert json.loads(answer["result"])["media_title"] == "Another", answer
    answer = runner.call("media/stop", "read", entity=thing)
    expect(answer, "done", True, state="idle")


def what_does_not_show_is_not_claimed(runner):
    thing = "media_player.third"
    expect(runner.call("media/previous", entity=thing), "sent", False)
    _, mock = player("liar")
    thing = "media_player.liar"
    mock.AddMethod(PLAYER_INTERFACE, "Play", "", "", "")
    harness.wait_for(lambda: thing in runner.things(), "the player")
    expect(runner.call("media/play", entity=thing), "sent", False, state="paused")
    mock.AddMethod(PLAYER_INTERFACE, "Play", "", "", 'raise dbus.exceptions.DBusException('
                   '"no \\u202e disc", name="org.example.Error.NoDisc")')
    answer = runner.call("media/play", entity=thing)
    assert answer["outcome"] == "failed" and "no" in answer["text"], answer


def one_that_hangs_holds_nothing_up(runner):
    process, _ = player("hung")
    thing = "media_player.hung"
    harness.wait_for(lambda: thing in runner.things(), "the player")
    process.send_signal(signal.SIGSTOP)
    line = runner.begin("call", "media/play", json.dumps({"entity": thing}))
    expect(runner.call("media/stop", entity="media_player.third"), "already", True)
    assert line not in runner.answers, "the other one did not wait"
    process.send_signal(signal.SIGCONT)
    expect(runner.end(line), "done", True, state="playing")
    process.send_signal(signal.SIGSTOP)
    line = runner.begin("call", "media/stop", json.dumps({"entity": thing}))
    time.sleep(0.3)
    process.kill()
    process.wait()
    assert runner.end(line)["outcome"] in ("failed", "sent"), "it died on the way"


def what_may_still_be_done_has_not_failed(runner):
    process, mock = player("numb")
    thing = "media_player.numb"
    harness.wait_for(lambda: thing in runner.things(), "the player")
    process.send_signal(signal.SIGSTOP)
    sought = runner.begin("call", "media/seek", json.dumps({"entity": thing, "seconds": 5}))
    played = runner.begin("call", "media/play", json.dumps({"entity": thing}))
    answer = runner.end(sought)
    assert answer["outcome"] == "sent" and "in time" in answer["text"], answer
    # It was not even asked, for its state could not be read before.
    answer = runner.end(played)
    assert answer["outcome"] == "failed" and "in time" in answer["text"], answer
    process.send_signal(signal.SIGCONT)
    methods = [c[1] for c in mock.GetCalls()]
    assert "Seek" in methods and "Play" not in methods, methods


def the_battery(runner):
    answer = runner.call("desktop/battery")
    assert answer["outcome"] == "failed" and "no service" in answer["text"], answer
    mock = Mocks.template("upower")
    display = "/org/freedesktop/UPower/devices/DisplayDevice"
    answer = json.loads(runner.call("desktop/battery")["result"])
    assert answer["present"] is False, answer
    dbus.Interface(mock, dbusmock.MOCK_IFACE).SetDeviceProperties(display, {
        "Percentage": dbus.Double(77.4, variant_level=1), "IsPresent": True,
        "State": dbus.UInt32(2, variant_level=1)})
    answer = json.loads(runner.call("desktop/battery")["result"])
    assert answer == {"present": True, "percentage": 77.4, "state": "discharging"}, answer


def lock_and_suspend(runner):
    mock = Mocks.template("logind")
    control = dbus.Interface(mock, dbusmock.MOCK_IFACE)
    session = control.AddSession("auto", "seat0", dbus.UInt32(os.getuid()), "me", True)
    bus = Mocks.get_dbus(True)
    thing = dbus.Interface(bus.get_object("org.freedesktop.login1", session),
                           dbusmock.MOCK_IFACE)
    name = "org.freedesktop.login1.Session"
    thing.UpdateProperties(name, {"LockedHint": False})
    thing.AddMethod(name, "Lock", "", "", f'self.Set("{name}", "LockedHint", True)')
    answer = runner.call("desktop/lock")
    expect(answer, "done", True, state="locked")
    assert answer["before"]["state"] == "unlocked", answer
    expect(runner.call("desktop/lock"), "already", True)
    expect(runner.call("desktop/suspend"), "done", False)
    control.AddMethod("org.freedesktop.login1.Manager", "Suspend", "b", "",
                      'raise dbus.exceptions.DBusException("a program inhibits it", '
                      'name="org.freedesktop.DBus.Error.AccessDenied")')
    answer = runner.call("desktop/suspend")
    assert answer["outcome"] == "failed" and "inhibits" in answer["text"], answer


def wifi(runner):
    Mocks.template("networkmanager")
    answer = json.loads(runner.call("desktop/wifi")["result"])
    assert answer["state"] == "on" and answer["on"] is True and answer["network"], answer
    answer = runner.call("desktop/set_wifi", on=False)
    expect(answer, "done", True, state="off", on=False)
    assert answer["before"]["on"] is True, answer
    expect(runner.call("desktop/set_wifi", on=False), "already", True)


def power_profiles(runner):
    answer = runner.call("desktop/set_power_profile", profile="performance")
    assert answer["outcome"] == "failed" and "no service" in answer["text"], answer
    Mocks.template("power_profiles_daemon")
    expect(runner.call("desktop/set_power_profile", profile="performance"), "done", True,
           state="performance")
    assert runner.call("desktop/power_profile")["after"]["state"] == "performance"


def time_zones(runner):
    mock = Mocks.template("timedated")
    expect(runner.call("desktop/set_time_zone", zone="Europe/Berlin"), "done", True,
           state="Europe/Berlin")
    dbus.Interface(mock, dbusmock.MOCK_IFACE).AddMethod(
        "org.freedesktop.timedate1", "SetTimezone", "sb", "",
        'raise dbus.exceptions.DBusException("no such zone", '
        'name="org.freedesktop.DBus.Error.InvalidArgs")')
    answer = runner.call("desktop/set_time_zone", zone="Mars/Olympus")
    assert answer["outcome"] == "failed" and "no such zone" in answer["text"], answer


def notifications(runner):
    mock = Mocks.template("notification_daemon")
    expect(runner.call("desktop/notify", summary="Tea", body="It is ready."), "done", False)
    calls = dbus.Interface(mock, dbusmock.MOCK_IFACE).GetCalls()
    assert [c[2] for c in calls if c[1] == "Notify"][0][3:5] == ["Tea", "It is ready."], calls
    # This server cannot be told to be quiet, and that is said.
    answer = runner.call("desktop/set_quiet", on=True)
    assert answer["outcome"] == "failed" and answer["text"], answer
    dbus.Interface(mock, dbusmock.MOCK_IFACE).AddProperties("org.dunstproject.cmd0",
                                                            {"paused": False})
    expect(runner.call("desktop/set_quiet", on=True), "done", True, on=True)


def many_players(runner):
    before = len(runner.things())
    bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
    names = [dbus.service.BusName(f"{PLAYER}.flood{i}", bus) for i in range(100)]
    time.sleep(0.3)
    assert len(runner.things()) <= 32, len(runner.things())
    del names
    bus.close()
    harness.wait_for(lambda: len(runner.things()) <= before, "the flood to go")


SENTENCES = (
    ("how much battery is left", "77", "desktop/battery", "done"),
    ("turn on the wi-fi", "Wi-Fi is on", "desktop/set_wifi", "done"),
    ("is the wifi on", "Wi-Fi is on", "desktop/wifi", "done"),
    ("pause the music", "paused already", "media/pause", "already"),
    ("play the music", "playing", "media/play", "done"),
    ("set the volume to 30 percent", "30", "media/set_volume", "done"),
    ("louder", "40", "media/set_volume", "done"),
    ("undo that", "30", "media/set_volume", "done"),
    ("switch to power saver mode", "power saver", "desktop/set_power_profile", "done"),
    ("pause solo player", "paused", "media/pause", "done"),
)


def sentences_reach_them():
    """The same with the whole service: by words, and back."""
    player("solo")
    with harness.Service() as service:
        def known():
            return service.run("ask", "is solo player paused", dry_run=True)[1].get("kind")
        harness.wait_for(lambda: known() != "question", "the player")
        for words, part, tool, outcome in SENTENCES:
            answer, results = service.run("ask", words)
            actions = [(a["tool"], a["outcome"]) for a in results.get("actions", ())]
            assert actions == [(tool, outcome)] and part in answer, (words, answer, actions)


def main():
    harness.require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    Mocks.start_system_bus()
    runner = Runner(*FILES)
    try:
        failed = runner.run((players_are_things, a_player_obeys,
                             what_does_not_show_is_not_claimed, one_that_hangs_holds_nothing_up,
                             what_may_still_be_done_has_not_failed,
                             the_battery, lock_and_suspend, wifi, power_profiles, time_zones,
                             notifications, many_players))
        Mocks.leave(PLAYER)
        sentences_reach_them()
        print("ok sentences_reach_them")
    except AssertionError as error:
        print(f"FAILED sentences_reach_them: {error}")
        failed = 1
    finally:
        Mocks.stop()
        Mocks.tearDownClass()
    sys.exit(1 if failed else 0)


main()
