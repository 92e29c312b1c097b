#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The whole way of an order: words over D-Bus, the gate, the broker, the device, and back."""
import ctypes
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bus"))
from harness import (BUILD, SOURCE, Request, Service, fails, require_bus,  # noqa: E402
                     run_tests, wait_for)
import dbus                                                             # noqa: E402
import dbus.mainloop.glib                                               # noqa: E402
import agent                                                            # noqa: E402

EMPTY = dbus.Dictionary({}, signature="sv")
BROKER = os.environ.get("MOSQUITTO_BROKER", "/usr/sbin/mosquitto")


def end_with_us():
    """Nothing that was started outlives the test, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class House:
    """A broker and its devices; data of the service without a model."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hh.", dir="/tmp")
        self.socket = os.path.join(self.folder, "s")
        self.conf = os.path.join(self.folder, "conf")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        for name in ("prompts.yaml", "replies.yaml", "words.yaml", "intents", "tools"):
            os.symlink(os.path.join(SOURCE, "examples", name), os.path.join(self.data, name))
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f"listener 0 {self.socket}\nallow_anonymous true\nlog_type error\n")
            if os.geteuid() == 0:
                f.write("user root\n")
        self.lamps = {}
        self.broker = None
        self.start_broker()

    def start_broker(self):
        self.broker = subprocess.Popen([BROKER, "-c", self.conf], stderr=subprocess.DEVNULL,
                                       preexec_fn=end_with_us)
        wait_for(lambda: os.path.exists(self.socket), 5, "the broker")

    def stop_broker(self):
        self.broker.kill()
        self.broker.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def plug_in(self, name, *manner):
        lamp = subprocess.Popen([os.path.join(BUILD, "tests", "home", "lamp"), self.socket, name,
                                 *manner], stdout=subprocess.PIPE, preexec_fn=end_with_us)
        assert lamp.stdout.readline() == b"ready\n"
        self.lamps[name] = lamp

    def unplug(self, name):
        lamp = self.lamps.pop(name)
        lamp.kill()
        lamp.wait()
        lamp.stdout.close()

    def end(self):
        for name in list(self.lamps):
            self.unplug(name)
        self.stop_broker()
        shutil.rmtree(self.folder, ignore_errors=True)


def settle(service, entity, settings):
    service.interface("Home1").Set(entity, dbus.Dictionary(settings, signature="sv"))


def ask(service, text, **options):
    """Response code, results and the text that was streamed."""
    request = Request(service, "ask", text, **options)
    code, results = request.wait(30)
    return code, results, request.streamed()


def devices(service):
    return {str(d["entity"]): d for d in service.interface("Home1").List(EMPTY)}


def state(service, entity):
    d = devices(service).get(entity)
    return str(d["state"]) if d else None


def wait_state(service, entity, wanted):
    wait_for(lambda: state(service, entity) == wanted, 10, f"{entity} {wanted}")


def told(service, text, *said, outcomes=None, **options):
    code, results, streamed = ask(service, text, **options)
    assert code == 0, (text, code, results)
    for part in said:
        assert part in streamed, (text, streamed)
    if outcomes is not None:
        got = [(str(a["outcome"]), bool(a["verified"])) for a in results["actions"]]
        assert got == outcomes, (text, got)
    return results


def test_switched_and_read_back(service, house):
    told(service, "turn on the desk lamp", "Desk Lamp is on.", outcomes=[("done", True)])
    assert state(service, "light.desk_lamp") == "on"
    told(service, "turn on the desk lamp", "Desk Lamp was on already.",
         outcomes=[("already", True)])
    told(service, "set the desk lamp to 40 %", "Desk Lamp is on at 40 %.",
         outcomes=[("done", True)])
    told(service, "is the desk lamp on", "Desk Lamp is on at 40 %.")
    told(service, "switch the desk lamp off", "Desk Lamp is off.", outcomes=[("done", True)])
    told(service, "open the blind", "Blind is open.", outcomes=[("done", True)])
    told(service, "close the blind", "Blind is closed.", outcomes=[("done", True)])


def test_only_what_was_read_back_is_said(service, house):
    for name in ("Shy Lamp", "False Lamp"):
        results = told(service, f"turn on the {name.lower()}",
                       f"I sent the command to {name}, but could not confirm it.",
                       outcomes=[("sent", False)])
        assert str(results["actions"][0]["state"]) == "off"


def test_what_is_not_known_is_asked_back(service, house):
    for text in ("turn on the moon", "sing a song", "turn on the lights in the cellar"):
        results = told(service, text)
        assert str(results["kind"]) == "question", (text, results)


def test_nothing_is_done_when_dry(service, house):
    told(service, "turn on the desk lamp", outcomes=[("not_run", False)], dry_run=True)
    assert state(service, "light.desk_lamp") == "off"


def test_places_and_other_names(service, house):
    settle(service, "light.desk_lamp", {"area": "Study", "floor": "Upstairs", "hidden": False,
                                        "aliases": dbus.Array(["reading light"], signature="s")})
    settle(service, "light.hall_lamp", {"floor": "Upstairs", "area": "Hall"})
    told(service, "turn on the reading light", "Desk Lamp is on.")
    told(service, "turn on the lights on the upstairs", "Desk Lamp was on already",
         "Hall Lamp is on")
    told(service, "turn off the study lights", "Desk Lamp is off.", outcomes=[("done", True)])
    assert state(service, "light.hall_lamp") == "on"
    settle(service, "light.hall_lamp", {"hidden": True})
    assert str(told(service, "turn off the hall lamp")["kind"]) == "question"
    settle(service, "light.hall_lamp", {"hidden": False})
    told(service, "turn off the hall lamp", "Hall Lamp is off.")
    with open(os.path.join(service.home, "d", "assistantd", "home.json"), encoding="utf-8") as f:
        assert json.load(f)["entities"]["light.desk_lamp"]["aliases"] == ["reading light"]


def test_wrong_settings(service, house):
    invalid = "org.freedesktop.DBus.Error.InvalidArgs"
    before = devices(service)["light.desk_lamp"]
    for settings in ({"area": "[a|b]"}, {"area": "x" * 65}, {"colour": "red"}, {"hidden": "yes"},
                     {"aliases": dbus.Array(list("abcdefghi"), signature="s")}, {"area": dbus.UInt32(1)},
                     {"area": "Attic", "zzz": True}):
        fails(invalid, settle, service, "light.desk_lamp", settings)
        assert devices(service)["light.desk_lamp"] == before, settings
    fails(invalid, settle, service, "light.nowhere", {"area": "Study"})


def test_opening_a_garage_wants_a_word(service, house):
    code, results, _ = ask(service, "open the garage")
    assert code == 2 and results["error"] == "org.assistantd.Error.ConfirmationUnavailable", \
        (code, results)
    no = agent.Process("no")
    code, results, text = ask(service, "open the garage")
    assert code == 1 and text == "Garage was left as it is.", (code, results, text)
    assert no.asked[0]["tool"] == "home/open" and no.asked[0]["title"] == "Open", no.asked
    assert json.loads(no.asked[0]["arguments"]) == {"entity": "cover.garage"}
    no.leave()
    assert state(service, "cover.garage") == "closed"
    gone = agent.Process("die")
    code, results, _ = ask(service, "open the garage")
    assert code == 2 and results["error"] == "org.assistantd.Error.ConfirmationUnavailable", \
        (code, results)
    assert gone.asked and state(service, "cover.garage") == "closed"
    yes = agent.Process("yes")
    told(service, "open the garage", "Garage is open.", outcomes=[("done", True)])
    assert len(yes.asked) == 1
    # Closing it opens nothing to anybody.
    told(service, "close the garage", "Garage is closed.", outcomes=[("done", True)])
    assert len(yes.asked) == 1
    yes.leave()


def test_part_of_it_fails(service, house):
    house.unplug("Hall Lamp")
    wait_for(lambda: not devices(service)["light.hall_lamp"]["available"], 10, "unplugged")
    results = told(service, "turn on the lights on the upstairs", "Desk Lamp is on",
                   "Hall Lamp could not be changed: the device is not available")
    assert sorted(str(a["outcome"]) for a in results["actions"]) == ["done", "failed"]
    told(service, "is the hall lamp on", "I do not know")
    house.plug_in("Hall Lamp")
    wait_for(lambda: devices(service)["light.hall_lamp"]["available"], 10, "plugged in")


def test_many_at_once_want_a_word(service, house):
    """More than ten: what would be done at once for one is asked about."""
    names = [f"Spot {word}" for word in ("one", "two", "three", "four", "five", "six", "seven",
                                         "eight", "nine")]
    for name in names:
        house.plug_in(name)
    wait_for(lambda: len([d for d in devices(service).values()
                          if d["domain"] == "light" and d["available"]]) == 13, 10, "the spots")
    no = agent.Process("no")
    code, results, text = ask(service, "turn on all lights")
    # What is on already would be asked about, too: it is one order.
    assert code == 1 and len(no.asked) == 1, (code, text)
    assert {str(a["outcome"]) for a in results["actions"]} == {"cancelled"}, results
    assert "Spot seven" in no.asked[0]["summary"], no.asked
    no.leave()
    assert state(service, "light.spot_one") == "off"
    for name in names:
        house.unplug(name)


def test_a_name_is_no_order(service, house):
    """It can be listed; as a sentence it would be taken apart."""
    house.plug_in("all [lights] off; (open|close) {name}")
    entity = "light.all_lights_off_open_close_name"
    wait_for(lambda: entity in devices(service), 10, entity)
    told(service, "turn off the desk lamp", "Desk Lamp is off.")
    house.unplug("all [lights] off; (open|close) {name}")


def test_every_order_leaves_a_receipt(service, house):
    told(service, "turn on the desk lamp", "Desk Lamp is on.")
    out = subprocess.run(["assistantctl", "--json", "history"], env=service.env, check=True,
                         capture_output=True, text=True).stdout
    assert "home/turn_on" in out and '"verified": true' in out.replace('\\"', '"') \
        .replace('":true', '": true'), out[-2000:]
    told(service, "turn off the desk lamp", "Desk Lamp is off.")


def on_terminal(service, answer, *command):
    """Runs it on a terminal of its own and types @answer when it is asked."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, service.env)
    shown, end = "", time.monotonic() + 20
    typed = False
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data.decode("utf-8", "replace")
        if "[y/N]" in shown and not typed:
            os.write(fd, answer.encode() + b"\n")
            typed = True
    os.close(fd)
    os.waitpid(pid, 0)
    return shown


def test_asked_on_the_terminal(service, house):
    shown = on_terminal(service, "n", "assistantctl", "ask", "open the garage")
    assert "Do it? [y/N]" in shown and "Garage is open." not in shown, shown
    assert state(service, "cover.garage") == "closed"
    shown = on_terminal(service, "y", "assistantctl", "ask", "open the garage")
    assert "Do it? [y/N]" in shown and "Garage is open." in shown, shown
    told(service, "close the garage", "Garage is closed.")


def tools_pid(service):
    children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(service.process.pid)],
                              capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in children.splitlines() if "assistant-tools" in line]


def test_the_tools_process_is_killed(service, house):
    """What it was about to do cannot be known; afterwards it is as before."""
    request = Request(service, "ask", "turn on the shy lamp")
    time.sleep(0.3)
    os.kill(tools_pid(service)[0], signal.SIGKILL)
    code, results = request.wait(10)
    assert code == 0 and str(results["actions"][0]["outcome"]) == "sent", (code, results)
    assert not results["actions"][0]["verified"]
    wait_state(service, "light.desk_lamp", "off")
    told(service, "turn on the reading light", "Desk Lamp is on.")


def test_the_broker_goes_and_comes(service, house):
    house.stop_broker()
    wait_for(lambda: service.property("Broker", "Home1") != "up", 10, "the loss")
    told(service, "turn off the desk lamp", "the broker is not reached",
         outcomes=[("failed", False)])
    # What it was before is not what it is.
    assert "is on" not in ask(service, "is the desk lamp on")[2], "an old state"
    house.start_broker()
    wait_for(lambda: service.property("Broker", "Home1") == "up", 20, "the broker")
    # The lamp finds the broker by itself, in its own time.
    wait_for(lambda: ask(service, "turn on the desk lamp")[1]["actions"][0]["verified"], 20,
             "the lamp")
    assert state(service, "light.desk_lamp") == "on"


TESTS = [test_switched_and_read_back, test_only_what_was_read_back_is_said,
         test_what_is_not_known_is_asked_back, test_nothing_is_done_when_dry,
         test_places_and_other_names, test_wrong_settings,
         test_opening_a_garage_wants_a_word, test_part_of_it_fails,
         test_many_at_once_want_a_word, test_a_name_is_no_order,
         test_every_order_leaves_a_receipt, test_asked_on_the_terminal,
         test_the_tools_process_is_killed, test_the_broker_goes_and_comes]


def main():
    if not os.access(BROKER, os.X_OK):
        print("skipped: mosquitto is not installed")
        sys.exit(77)
    require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    house = House()
    try:
        for name, manner in (("Desk Lamp", ()), ("Hall Lamp", ()), ("Blind", ("cover",)),
                             ("Garage", ("garage",)), ("Shy Lamp", ("silent",)),
                             ("False Lamp", ("liar",))):
            house.plug_in(name, *manner)
        with Service(config=f"home:\n  broker: {house.socket}\n  port: 0\n",
                     data=house.data) as service:
            wait_for(lambda: len([d for d in devices(service).values() if d["available"]]) == 6,
                     10, "the devices")
            failed = run_tests(TESTS, service, house)
        if failed:
            print(service.output)
    finally:
        house.end()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
