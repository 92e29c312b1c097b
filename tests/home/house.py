# SPDX-License-Identifier: MIT
"""A house of devices on a real broker, with a service that knows them."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bus"))
from harness import BUILD, SOURCE, Request, Service, require_bus, run_tests, wait_for  # noqa: E402
import dbus                                                             # noqa: E402
import dbus.mainloop.glib                                               # noqa: E402

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
        for name in ("hints.yaml", "prompts.yaml", "replies.yaml", "tones.yaml", "words.yaml",
                     "intents", "terms", "tools"):
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
        wait_for(lambda: os.path.exists(self.socket), "the broker")

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


    def serve(self, tests, *more, config="", **options):
        """Runs @tests on a service that knows all that is plugged in, and hands them @more;
        tells how many failed. @config: what is said beside the broker."""
        with Service(config=f"home:\n  broker: {self.socket}\n  port: 0\n{config}",
                     data=self.data, **options) as service:
            wait_for(lambda: len([d for d in devices(service).values() if d["available"]])
                     == len(self.lamps), "the devices")
            failed = run_tests(tests, service, *more)
        if failed:
            print(service.output)
        return failed


def main(scenario, *things, needs=()):
    """Ends with what @scenario(house) makes of a house with @things, each a name and the
    manners of its lamp: it tells how many tests failed. Skipped without the broker or one of
    the programs that it @needs."""
    missing = [program for program in (BROKER, *needs) if not shutil.which(program)]
    if missing:
        print("skipped: not installed:", ", ".join(missing))
        sys.exit(77)
    require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    house = House()
    try:
        for thing in things:
            house.plug_in(*thing)
        failed = scenario(house)
    finally:
        house.end()
    sys.exit(1 if failed else 0)


def settle(service, entity, settings):
    service.interface("Home1").Set(entity, dbus.Dictionary(settings, signature="sv"))


def ask(service, text, **options):
    """Response code, results and the text that was streamed."""
    request = Request(service, "ask", text, **options)
    code, results = request.wait()
    return code, results, request.streamed()


def devices(service):
    return {str(d["entity"]): d for d in service.interface("Home1").List(EMPTY)}


def state(service, entity):
    d = devices(service).get(entity)
    return str(d["state"]) if d else None


def wait_state(service, entity, wanted):
    wait_for(lambda: state(service, entity) == wanted, f"{entity} {wanted}")


def say(service, text, *words, kind=None, outcomes=None, **options):
    """The results; what is said has all of these words. @outcomes: of each call, and whether it
    was read back."""
    code, results, said = ask(service, text, **options)
    assert code == 0, (text, code, results)
    for word in words:
        assert word in said, (text, said)
    if kind:
        assert results["kind"] == kind, (text, str(results["kind"]), said)
    if outcomes is not None:
        got = [(str(a["outcome"]), bool(a["verified"])) for a in results["actions"]]
        assert got == outcomes, (text, got)
    return results


def go_on(service, text, *words, conversation="last", **options):
    """The same in the last conversation, another, or (None) a new one."""
    if conversation:
        options["conversation"] = conversation
    return say(service, text, *words, **options)
