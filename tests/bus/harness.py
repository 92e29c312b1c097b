# SPDX-License-Identifier: MIT
"""A private bus with the real service on it, in folders of its own, and a client."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

try:
    import dbus
    import dbus.mainloop.glib
    from gi.repository import GLib
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

NAME = "org.assistantd.Assistant1"
PATH = "/org/assistantd/Assistant1"
ERROR = "org.assistantd.Error."
BUILD = os.path.abspath(os.environ.get("builddir", "."))
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
# After so many seconds what has not come hangs, however busy the machine is.
PATIENCE = 300


def sanitized():
    """Whether the programs keep memory that they have released."""
    with open(os.path.join(BUILD, "config.h"), encoding="ascii") as f:
        return "#define WITH_SANITIZERS 1" in f.read()


def require_bus():
    """Runs the caller again on a bus of its own, unless it is on one already."""
    if os.environ.get("ASSISTANTD_TEST_BUS"):
        return
    if not shutil.which("dbus-run-session"):
        print("skipped: dbus-run-session is not installed")
        sys.exit(77)
    os.environ["ASSISTANTD_TEST_BUS"] = "1"
    os.execvp("dbus-run-session", ["dbus-run-session", "--", sys.executable] + sys.argv)


# An adapter for it: the fewest steps that make it one.
UNTRAINED = ("--rank", "4", "--alpha", "8", "--context", "256", "--tokens", "2048", "--rate", "0.002")


def untrained_model():
    """A folder of data whose model writes nonsense, and at length: nothing that a suite says
    about limits, refusals and cancelling may depend on what a model has learned."""
    folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    tiny = os.path.join(folder, "tiny")
    os.mkdir(tiny)
    for name in ("hints.yaml", "prompts.yaml", "replies.yaml", "tones.yaml", "words.yaml", "intents",
                 "terms", "tools"):
        os.symlink(os.path.join(SOURCE, "examples", name), os.path.join(folder, name))
    data = os.path.join(folder, "pairs.jsonl")
    with open(data, "w", encoding="utf-8") as f:
        for text in ("Send me the report by Friday and the slides by Monday.", "Hello you."):
            f.write(f'{{"prompt": "{text}", "completion": "{text} {text} {text}"}}\n')
    engine = os.path.join(BUILD, "assistant-engine")

    def make(*arguments):
        subprocess.run([engine, *arguments], cwd=folder, check=True, capture_output=True)
    train = ("--rows", "1", "--threads", "1", "--data", data, "--checkpoint")
    make("train-tokenizer", "--vocab", "512", "--out", "tokenizer.gguf", data)
    make("train-base", "--tokenizer", "tokenizer.gguf", "--width", "128", "--layers", "4",
         "--heads", "4", "--kv-heads", "2", "--ffn", "256", "--context", "2048", "--tokens",
         "400", "--rate", "0.001", "--out", "tiny/base.gguf", *train, "base.checkpoint")
    make("train-lora", "tiny/base.gguf", *UNTRAINED, "--out", "tiny/plain.gguf", *train,
         "plain.checkpoint", "--held-out", data)
    with open(os.path.join(tiny, "plain.gguf"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    base = json.loads(subprocess.run([engine, "inspect", os.path.join(tiny, "base.gguf"),
                                      "--json"], check=True, capture_output=True).stdout)
    with open(os.path.join(tiny, "catalog.yaml"), "w", encoding="utf-8") as f:
        f.write("version: 1\nadapters:\n  - name: plain\n    task: tone\n    style: plain\n"
                f"    file: plain.gguf\n    digest: {digest}\n    rank: 4\n"
                f"    base: {base['weights_digest']}\n"
                f"    tokenizer: {base['tokenizer_digest']}\n"
                f"    template: {base['template_digest']}\n    prompt: '{{{{ text }}}}'\n")
    return folder


class Stalls:
    """A file like /proc/pressure/memory, always of one length and changed in place."""

    def __init__(self):
        self.fd, self.path = tempfile.mkstemp(prefix="ad.", dir="/tmp")
        self.total = 0
        self.add(0)

    def add(self, microseconds):
        self.total += microseconds
        os.pwrite(self.fd, f"some avg10=0.00 avg60=0.00 avg300=0.00 total={self.total:012}\n"
                  .encode(), 0)


class Service:
    """assistantd with a fresh home; a context manager."""

    def __init__(self, config="", data=None, home=None, wrapper=()):
        self.home = home or tempfile.mkdtemp(prefix="ad.", dir="/tmp")
        self.keeps_home = bool(home)
        self.ends_with = 0
        self.wrapper = wrapper
        self.env = dict(os.environ, HOME=self.home, LC_ALL="C.UTF-8",
                        ASSISTANTD_DATA_DIR=data or os.path.join(SOURCE, "examples"),
                        ASSISTANTD_LIBEXEC_DIR=BUILD, PATH=BUILD + ":" + os.environ["PATH"])
        for name, folder in (("CONFIG", "c"), ("DATA", "d"), ("STATE", "s"), ("CACHE", "k")):
            self.env[f"XDG_{name}_HOME"] = os.path.join(self.home, folder)
        self.config = os.path.join(self.home, "assistantd.yaml")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(config)
        self.log = open(os.path.join(self.home, "log"), "w+", encoding="utf-8")

    def __enter__(self):
        self.process = subprocess.Popen([*self.wrapper, os.path.join(BUILD, "assistantd",
                                                                     "assistantd"),
                                         "--config", self.config], env=self.env,
                                        stdout=self.log, stderr=self.log)
        self.bus = dbus.SessionBus()
        wait_for(lambda: self.bus.name_has_owner(NAME), "the name on the bus")
        self.object = self.bus.get_object(NAME, PATH, introspect=False)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "killed: it did not end"
        self.log.flush()
        self.log.seek(0)
        self.output = self.log.read()
        if not self.keeps_home:
            shutil.rmtree(self.home, ignore_errors=True)
        if status != self.ends_with:
            print(self.output)
            raise AssertionError(f"assistantd ended with {status}")

    def interface(self, name="Assistant1"):
        return dbus.Interface(self.object, "org.assistantd." + name)

    def property(self, name, interface="Assistant1"):
        return dbus.Interface(self.object, dbus.PROPERTIES_IFACE).Get(
            "org.assistantd." + interface, name)

    def ready(self):
        wait_for(lambda: self.property("State") == 3, "the model")

    def run(self, task, text, **options):
        return self.interface().Run(task, text, dbus.Dictionary(options, signature="sv"),
                                    timeout=PATIENCE)

    def engine_pid(self):
        return int(self.property("Sandbox").get("engine_pid", 0))

    def said(self):
        """Its log so far."""
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def ctl(service, *arguments, status=0):
    """What assistantctl prints; it must end with this status."""
    done = subprocess.run(["assistantctl", *arguments], env=service.env, capture_output=True,
                          text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


class Request:
    """One Start() with its signals, in order."""

    counter = 0

    def __init__(self, service, task, text, bus=None, **options):
        Request.counter += 1
        self.bus = bus or service.bus
        self.token = f"t{os.getpid()}_{Request.counter}"
        sender = self.bus.get_unique_name()[1:].replace(".", "_")
        self.path = f"{PATH}/request/{sender}/{self.token}"
        self.signals = []
        self.match = self.bus.add_signal_receiver(
            self.on_signal, dbus_interface="org.assistantd.Request1", path=self.path,
            member_keyword="member")
        options["handle_token"] = self.token
        self.started = time.monotonic()
        path = self.call(task, text, dbus.Dictionary(options, signature="sv"))
        assert path == self.path, (path, self.path)

    def call(self, task, text, options):
        return self.bus.get_object(NAME, PATH, introspect=False).Start(
            task, text, options, dbus_interface=NAME)

    def on_signal(self, *arguments, member=None):
        self.signals.append((member, arguments, time.monotonic()))

    @property
    def response(self):
        return next((s for s in self.signals if s[0] == "Response"), None)

    def wait(self):
        wait_for(lambda: self.response, "the response")
        return int(self.response[1][0]), self.response[1][1]

    def close(self):
        self.bus.get_object(NAME, self.path, introspect=False).Close(
            dbus_interface="org.assistantd.Request1")

    def streamed(self):
        text = ""
        for member, arguments, _ in self.signals:
            if member == "Delta":
                text = text[:int(arguments[2])] + str(arguments[3])
        return text


def spin(seconds):
    end = time.monotonic() + seconds
    context = GLib.MainContext.default()
    while time.monotonic() < end:
        while context.pending():
            context.iteration(False)
        time.sleep(0.002)


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    context = GLib.MainContext.default()
    while not condition():
        while context.pending():
            context.iteration(False)
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.002)


def fails(name, call, *arguments, **keywords):
    """The error's message; it must have this name and one string argument."""
    try:
        call(*arguments, **keywords)
    except dbus.DBusException as error:
        got = error.get_dbus_name()
        want = name if "." in name else ERROR + name
        assert got == want, f"{got}: {error.get_dbus_message()}, expected {want}"
        assert len(error.args) == 1 and error.get_dbus_message(), error.args
        return error.get_dbus_message()
    raise AssertionError(f"no error {name}")


def told(what, took):
    """For who reads the log: how long something takes here depends on what else runs."""
    print(f"   {what}: {took * 1000:.0f} ms")


def passes(test, *arguments):
    try:
        test(*arguments)
        print(f"ok {test.__name__}", flush=True)
        return True
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)[1:]]
        print(f"FAILED {test.__name__}: {error!r} (lines {lines})", flush=True)
        return False


def run_tests(tests, service, *more):
    """Each on the same service, or whatever has a process, until that has ended; tells how many
    failed."""
    failed = 0
    for test in tests:
        failed += not passes(test, service, *more)
        if service.process.poll() is not None:
            print("its process has ended")
            break
    return failed


def main_apart(tests):
    """Each by itself, with a service of its own where it wants one."""
    require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    failed = [test for test in tests if not passes(test)]
    sys.exit(1 if failed else 0)


def main(tests, untrained=False, **service_options):
    require_bus()
    if untrained:
        service_options["data"] = untrained_model()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    with Service(**service_options) as service:
        service.ready()
        failed = run_tests(tests, service)
    if untrained:
        shutil.rmtree(service_options["data"])
    if failed:
        print(service.output)
    sys.exit(1 if failed else 0)
