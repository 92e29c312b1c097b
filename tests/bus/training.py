#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs of training in the service: what is asked for, what holds them up, and what outlives
whom. The process that trains is a played one here (test-training-process), which does what the
adapter's name says."""
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
from harness import Request, Service, fails, spin, wait_for
from mocks import Mocks, dbus, dbusmock
import flatpak

INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
NONE = dbus.Dictionary({}, signature="sv")
UPOWER = "org.freedesktop.UPower"
LONG = "Send me the report by Friday and the slides by Monday. " * 200
PLAYED = """#!/bin/sh
[ "$1" = training ] && exec {build}/tests/daemon/test-training-process training
exec {build}/assistant-engine "$@"
"""


def programs():
    """A folder of the service's programs, of which one plays."""
    folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    for name in ("assistant-tools", "assistant-commands"):
        os.symlink(os.path.join(harness.BUILD, name), os.path.join(folder, name))
    with open(os.path.join(folder, "assistant-engine"), "w", encoding="utf-8") as f:
        f.write(PLAYED.format(build=harness.BUILD))
    os.chmod(os.path.join(folder, "assistant-engine"), 0o755)
    return folder


class World:
    """What the services of these tests find around them."""

    def __init__(self):
        self.programs = programs()
        self.stalls = harness.Stalls()
        self.power = tempfile.mkdtemp(prefix="ad.", dir="/tmp")

    def service(self, home=None):
        s = Service(home=home)
        s.env.update(ASSISTANTD_LIBEXEC_DIR=self.programs, ASSISTANTD_POWER_DIR=self.power,
                     ASSISTANTD_PRESSURE_FILE=self.stalls.path)
        return s

    def supply(self, name, **attributes):
        folder = os.path.join(self.power, name)
        os.makedirs(folder, exist_ok=True)
        for key, value in attributes.items():
            with open(os.path.join(folder, key), "w", encoding="utf-8") as f:
                f.write(value + "\n")


world = World()


def training(s):
    return s.interface("Training1")


def start(s, name, data=b"data\n", held_out=None, **options):
    with tempfile.TemporaryFile() as f, tempfile.TemporaryFile() as h:
        f.write(data)
        f.flush()
        if held_out is not None:
            h.write(held_out)
            h.flush()
            options["held_out"] = dbus.types.UnixFd(h.fileno())
        return training(s).Start(name, dbus.types.UnixFd(f.fileno()),
                                 dbus.Dictionary(options, signature="sv"))


def run_of(s, name):
    return {str(r["name"]): r for r in training(s).List(NONE)}[name]


def told(s, name):
    r = run_of(s, name)
    return str(r["state"]), str(r["reason"])


def number(s, name):
    return dbus.UInt64(int(run_of(s, name)["id"]))


def process_state(pid):
    """R, S, T … as the kernel has it; nothing when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return ""


def folder_of(s, name):
    return os.path.join(s.home, "d", "assistantd", "training", str(int(run_of(s, name)["id"])))


def at_work(s, name):
    """Its process; never 0, which would be all of ours."""
    def works():
        r = run_of(s, name)
        return r["state"] == "running" and r["step"] > 0 and r["pid"] > 0
    wait_for(works, f"{name} to work")
    return int(run_of(s, name)["pid"])


def goes_on(s, name):
    before = int(run_of(s, name)["step"])
    wait_for(lambda: run_of(s, name)["step"] > before, f"{name} to go on")


def train(s, *arguments, status=0):
    return harness.ctl(s, "adapter", "train", *arguments, status=status)


def what_is_wrong_is_told_before(s):
    u32 = dbus.UInt32
    for key, value in (("rank", u32(0)), ("rank", u32(257)), ("rank", "8"), ("alpha", -1.0),
                       ("rate", 3.0), ("context", u32(1)), ("epochs", u32(0)),
                       ("threads", u32(65)), ("task", "dance"), ("style", "No Name"),
                       ("title", "two\nlines"), ("prompt", "{{ text"), ("base", "none"),
                       ("languages", "en"), ("sequence", u32(9)), ("colour", "red")):
        assert key in fails(INVALID, start, s, "wrong", **{key: value}), key
    for name in ("", "../up", "No Name", "-x", "x" * 65):
        assert "name" in fails(INVALID, start, s, name), name
    assert "data" in fails(INVALID, start, s, "wrong", b"")
    assert "data" in fails(INVALID, start, s, "wrong", b"data", b"")
    with open("/dev/null", "rb") as f:
        fails(INVALID, training(s).Start, "wrong", dbus.types.UnixFd(f.fileno()), NONE)
    with open("/dev/null", "rb") as f:
        assert "held_out" in fails(INVALID, training(s).Start, "wrong",
                                   dbus.types.UnixFd(f.fileno()),
                                   dbus.Dictionary({"held_out": "file"}, signature="sv"))
    for method in ("Pause", "Resume", "Stop", "Report"):
        assert "no run" in fails(INVALID, getattr(training(s), method), dbus.UInt64(7), NONE)
    assert not training(s).List(NONE)
    assert not os.listdir(os.path.join(s.home, "d", "assistantd", "training"))


def sandboxed_callers_are_refused(s):
    if not flatpak.available():
        return
    for method, *arguments in (("List", "{}"), ("Stop", "uint64 1", "{}")):
        out = subprocess.run([*flatpak.WRAPPER, "gdbus", "call", "--session", "--dest",
                              harness.NAME, "--object-path", harness.PATH, "--method",
                              "org.assistantd.Training1." + method, *arguments],
                             capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
        assert out.returncode != 0 and DENIED in out.stderr, (method, out)


def it_stands_still_for_requests(s):
    start(s, "works", rank=dbus.UInt32(4))
    pid = at_work(s, "works")
    request = Request(s, "tone", LONG, adapter="tone-friendly")
    wait_for(lambda: process_state(pid) == "T", "the process to stand still")
    assert told(s, "works") == ("paused", "requests are worked on"), told(s, "works")
    wait_for(lambda: request.signals, "the request to be worked on")
    step = int(run_of(s, "works")["step"])
    spin(0.2)
    assert process_state(pid) == "T" and run_of(s, "works")["step"] == step
    request.close()
    # A moment longer, for there may be another.
    s.run("proofread", "Thanks for teh report.")
    assert process_state(pid) == "T"
    wait_for(lambda: process_state(pid) != "T", "the process to go on")
    goes_on(s, "works")
    assert int(run_of(s, "works")["pid"]) == pid
    # Nobody waits for one in the background.
    s.run("proofread", "Thanks for teh report.", priority=dbus.UInt32(0))
    assert told(s, "works") == ("running", ""), told(s, "works")


def also_before_it_began(s):
    """A request that is there while the process is only being started."""
    start(s, "early")
    request = Request(s, "tone", LONG, adapter="tone-friendly")
    wait_for(lambda: process_state(int(run_of(s, "early")["pid"]) or "none") == "T",
             "its process to stand still")
    assert told(s, "early") == ("paused", "requests are worked on"), told(s, "early")
    request.close()
    training(s).Stop(number(s, "early"), NONE)


def one_at_a_time(s):
    start(s, "refuses")
    assert told(s, "refuses") == ("waiting", "for another run")
    assert "has not ended" in fails("Busy", start, s, "works")
    pid = int(run_of(s, "works")["pid"])
    training(s).Pause(number(s, "works"), NONE)
    wait_for(lambda: told(s, "refuses") == ("failed", "line 17: broken"), "the next one")
    assert told(s, "works") == ("paused", "by you") and not run_of(s, "works")["pid"]
    assert process_state(pid) == "", "it leaves memory"
    # Bad data are not kept, and do not get better.
    wait_for(lambda: os.listdir(folder_of(s, "refuses")) == ["run.json"], "their removal")
    fails(INVALID, training(s).Resume, number(s, "refuses"), NONE)
    fails(INVALID, training(s).Pause, number(s, "refuses"), NONE)
    fails("NotReady", training(s).Report, number(s, "refuses"), NONE)


def the_end_is_notified(s):
    mock = Mocks.template("notification_daemon")
    spin(0.2)
    start(s, "refuses")
    notes = dbus.Interface(mock, dbusmock.MOCK_IFACE)
    wait_for(lambda: [c for c in notes.GetCalls() if c[1] == "Notify"], "the notification")
    summary, body = [c[2] for c in notes.GetCalls() if c[1] == "Notify"][0][3:5]
    assert (summary, body) == ("The adapter refuses could not be trained", "line 17: broken")
    training(s).Stop(number(s, "refuses"), NONE)


def what_is_killed_goes_on(s):
    training(s).Resume(number(s, "works"), NONE)
    for _ in range(2):
        pid = at_work(s, "works")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: run_of(s, "works")["pid"] not in (0, pid), "a new process")
    at_work(s, "works")
    training(s).Stop(number(s, "works"), NONE)
    assert "works" not in [r["name"] for r in training(s).List(NONE)]


def what_ends_again_and_again_fails(s):
    start(s, "dies")
    wait_for(lambda: told(s, "dies")[0] == "failed", "the end of trying")
    assert "4 times" in told(s, "dies")[1], told(s, "dies")
    # What is there can be tried again.
    assert "data.jsonl" in os.listdir(folder_of(s, "dies"))
    training(s).Resume(number(s, "dies"), NONE)
    assert told(s, "dies")[0] == "running"
    folder = folder_of(s, "dies")
    training(s).Stop(number(s, "dies"), NONE)
    assert not os.path.exists(folder)


def what_cannot_be_installed_is_told(s):
    start(s, "ends", b"data\n", b"data\n")
    wait_for(lambda: told(s, "ends")[0] == "failed", "the end")
    assert "not be installed: TYPE magic" in told(s, "ends")[1], told(s, "ends")
    fd = training(s).Report(number(s, "ends"), NONE).take()
    with os.fdopen(fd, "rb") as f:
        assert f.read() == b"a page"
    with open(train(s, "report", "ends").strip(), "rb") as f:
        assert f.read() == b"a page"
    assert train(s, "stop", "ends") == ""
    assert "no run of training 'ends'" in train(s, "report", "ends", status=1)


def a_full_disk_is_waited_for(s):
    start(s, "fills")
    wait_for(lambda: told(s, "fills") == ("paused", "there is no room on the disk"), "that")
    assert not run_of(s, "fills")["pid"]
    training(s).Resume(number(s, "fills"), NONE)
    wait_for(lambda: told(s, "fills") == ("paused", "there is no room on the disk"), "again")
    training(s).Stop(number(s, "fills"), NONE)


def data_from_elsewhere(s):
    """A pipe by name is refused, whether somebody writes to it or not; standard input is read
    to its end."""
    folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    pipe = os.path.join(folder, "pipe")
    os.mkfifo(pipe)
    for path in (pipe, folder, "/dev/null"):
        for option in ("--data", "--held-out"):
            more = ("--data", __file__) if option == "--held-out" else ()
            out = train(s, "wrong", option, path, *more, status=2)
            assert f"{path}: expected a regular file" in out, out
    harness.shutil.rmtree(folder)
    for data, status, told in ((b"data\n", 1, "line 17: broken"), (b"", 2, "data: expected")):
        done = subprocess.run(["assistantctl", "adapter", "train", "refuses", "--data", "-",
                               "--wait"], env=s.env, input=data, capture_output=True,
                              timeout=harness.PATIENCE, check=False)
        assert done.returncode == status and told in done.stderr.decode(), done
    train(s, "stop", "refuses")


def from_the_command_line(s):
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"data\n")
        f.flush()
        for words, complaint in ((("--data", f.name, "--rank", "300"),
                                  "rank: 300, expected 1 to 256"),
                                 (("--data", f.name, "--base", f.name), "no installed model"),
                                 (("--data", f.name + ".not"), "No such file")):
            out = train(s, "wrong", *words, status=2)
            assert complaint in out, out
        assert "line 17: broken" in train(s, "refuses", "--data", f.name, "--wait", status=1)
        base = os.path.join(harness.SOURCE, "examples", "tiny", "base.gguf")
        out = train(s, "works", "--data", f.name, "--base", base, "--prompt", "Mine: {{ text }}",
                    "--languages", "en,de", "--alpha", "8", "--seed", "7")
        assert "watch works" in out, out
    out = train(s)
    assert "works  running  training  step " in out, out
    assert "refuses  failed  (line 17: broken)" in out, out
    out = harness.ctl(s, "status")
    assert "training works: running" in out, out
    train(s, "pause", "works")
    wait_for(lambda: run_of(s, "works")["pid"] == 0, "it to leave memory")
    out = train(s)
    assert "works  paused" in out and "(by you)" in out, out
    train(s, "watch", status=2)
    train(s, "resume", "works")


def pressure_puts_it_down(s):
    pid = at_work(s, "works")
    world.stalls.add(300000)
    wait_for(lambda: told(s, "works") == ("paused", "programs wait for memory"), "pressure")
    wait_for(lambda: process_state(pid) == "T", "the process to stand still")
    world.stalls.add(300000)
    wait_for(lambda: process_state(pid) == "", "it to leave memory")
    assert told(s, "works") == ("paused", "programs wait for memory")


def a_killed_service_goes_on(s):
    """Whatever was there, and only what was to go on."""
    start(s, "second")
    training(s).Pause(number(s, "second"), NONE)
    s.ends_with = -signal.SIGKILL
    s.process.kill()
    s.process.wait()


def after_that(s):
    assert [str(r["name"]) for r in training(s).List(NONE)] == ["refuses", "refuses", "works",
                                                                "second"]
    at_work(s, "works")
    assert told(s, "second") == ("paused", "by you")
    assert told(s, "refuses") == ("failed", "line 17: broken")
    start(s, "third")
    assert run_of(s, "third")["id"] > run_of(s, "second")["id"]


def on_battery(s):
    """As it is found at the start, then as UPower tells."""
    assert told(s, "works") == ("paused", "the computer runs on its battery"), told(s, "works")
    assert run_of(s, "works")["pid"] == 0
    mock = dbus.Interface(Mocks.template("upower"), dbusmock.MOCK_IFACE)
    # A stand-in has its name before it has its properties.
    mock.UpdateProperties(UPOWER, {"OnBattery": False})
    pid = at_work(s, "works")
    mock.UpdateProperties(UPOWER, {"OnBattery": True})
    wait_for(lambda: process_state(pid) == "T", "the process to stand still")
    assert told(s, "works") == ("paused", "the computer runs on its battery")
    mock.UpdateProperties(UPOWER, {"OnBattery": False})
    wait_for(lambda: process_state(pid) != "T", "the process to go on")
    goes_on(s, "works")


def main():
    harness.require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    Mocks.start_system_bus()
    home = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    failed = 0
    try:
        for tests in ((what_is_wrong_is_told_before, sandboxed_callers_are_refused,
                       also_before_it_began, it_stands_still_for_requests, one_at_a_time,
                       the_end_is_notified, what_is_killed_goes_on,
                       what_ends_again_and_again_fails, what_cannot_be_installed_is_told,
                       a_full_disk_is_waited_for, data_from_elsewhere, from_the_command_line,
                       pressure_puts_it_down, a_killed_service_goes_on),
                      (after_that,), (on_battery,)):
            if tests[0] is on_battery:
                world.supply("BAT0", type="Battery", status="Discharging")
            with world.service(home) as s:
                s.ready()
                failed += harness.run_tests(tests, s)
            if failed:
                print(s.output)
    finally:
        Mocks.stop()
        Mocks.tearDownClass()
        harness.shutil.rmtree(home, ignore_errors=True)
        harness.shutil.rmtree(world.programs)
        harness.shutil.rmtree(world.power)
        os.unlink(world.stalls.path)
    sys.exit(1 if failed else 0)


main()
