#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Commands of the user's as tools: what they get, what they cannot do, and what becomes of
them."""
import json
import os
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness
from runner import Runner

PYTHON = "/usr/bin/python3"
TEXT = "{type: object, additionalProperties: false, properties: {text: {type: string}}}"
NOTHING = "{type: object, additionalProperties: false}"


def tool(name, argv, risk="read", schema=NOTHING, more="", backend="output: text, "):
    return (f"  - name: {name}\n    title: T\n    description: D\n    risk: {risk}\n{more}"
            f"    schema: {schema}\n"
            f"    backend: {{type: exec, {backend}argv: {json.dumps(argv)}}}\n")


def python(code):
    return [PYTHON, "-c", code]


SOCKETS = """
import socket
def can(family, kind, address=None):
    try:
        s = socket.socket(family, kind)
        s.close()
        return True
    except OSError:
        return False
print(can(socket.AF_UNIX, socket.SOCK_STREAM), can(socket.AF_INET, socket.SOCK_STREAM),
      can(socket.AF_NETLINK, socket.SOCK_RAW))
"""
WRITES = """
import sys
def can(path):
    try:
        open(path, "w").close()
        return True
    except OSError:
        return False
print(can(sys.argv[1] + "/in/a"), can(sys.argv[1] + "/out/a"), can("/dev/null"))
"""


def declare(folder):
    state = os.path.join(folder, "in", "state")
    return "tools:\n" + "".join((
        tool("echo", ["/usr/bin/printf", "%s|", "{text}", "x{text}", "a b"], schema=TEXT),
        tool("dashes", ["/usr/bin/printf", "--", "%s|", "{text}"], schema=TEXT),
        tool("environment", ["/usr/bin/env"], backend="output: text, environment: {A: b}, "),
        tool("where", ["/bin/pwd"], backend=f"output: text, folder: {folder}, "),
        tool("where.default", ["/bin/pwd"]),
        tool("input", ["/bin/cat"]),
        tool("status", ["/bin/sh", "-c", "echo why >&2; exit 3"]),
        tool("signal", ["/bin/sh", "-c", "kill -SEGV $$"]),
        tool("absent", [os.path.join(folder, "absent")]),
        tool("flood", python("print('x' * 100000)")),
        tool("bytes", ["/usr/bin/printf", "a\\377b\\000c"]),
        tool("json", ["/bin/echo", '{"state": 5}'], backend="output: json, "),
        tool("no-json", ["/bin/echo", "[1]"], backend="output: json, "),
        tool("wrong-json", ["/bin/echo", '{"state": "x"}'], backend="output: json, ",
             more="    result_schema: {type: object, properties: {state: {type: integer}}}\n"),
        tool("slow", ["/bin/sleep", "60"], more="    timeout_ms: 500\n", risk="reversible"),
        tool("slow.reader", ["/bin/sleep", "60"], more="    timeout_ms: 500\n"),
        tool("background", ["/bin/sh", "-c", f"(sleep 1; touch {folder}/in/late) & echo done"],
             backend=f"output: text, writes: [{folder}/in], "),
        tool("busy", python("while True: pass"), backend="output: text, limits: {cpu_s: 1}, "),
        tool("hungry", python("x = bytearray(1 << 30)"),
             backend="output: text, limits: {memory_mib: 256}, "),
        tool("sockets", python(SOCKETS)),
        tool("sockets.network", python(SOCKETS), backend="output: text, network: true, "),
        tool("writes", python(WRITES) + [folder],
             backend=f"output: text, writes: [{folder}/in], "),
        tool("proven", ["/bin/true"], risk="reversible", backend="proof: exit, "),
        tool("unproven", ["/bin/true"], risk="reversible", backend=""),
        tool("state", ["/bin/cat", state]),
        tool("set", ["/bin/sh", "-c", f"printf %s \"$1\" > {state}", "set", "{text}"],
             risk="reversible", schema=TEXT, backend=f"writes: [{folder}/in], ",
             more="    read_back: state\n    expect: {text: =arguments.text}\n"),
        tool("lie", ["/bin/true"], risk="reversible", schema=TEXT, backend="",
             more="    timeout_ms: 600\n    read_back: state\n"
                  "    expect: {text: =arguments.text}\n"),
        tool("ptrace", python("import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0))")),
    ))


def text(answer):
    assert answer["outcome"] == "done" and answer["verified"], answer
    return answer["after"]["text"]


def words_are_what_was_said(runner, _):
    for said in ("plain", "two words", "; rm -rf /", "$(id) `id` 'x' \"y\"", "*", "ä€", ""):
        assert text(runner.call("echo", text=said)) == f"{said}|x{said}|a b|", said
    assert text(runner.call("echo")) == "a b|", "words without their argument are left out"
    assert runner.call("echo", text="--version")["error"] < 0, "an option is no text"
    assert text(runner.call("dashes", text="--version")) == "--version|"


def nothing_is_inherited(runner, folder):
    assert sorted(text(runner.call("environment")).split("\n")) == ["A=b", "PATH=/usr/bin:/bin"]
    assert text(runner.call("where")) == folder
    assert text(runner.call("where.default")) == "/"
    assert text(runner.call("input")) == ""


def ends_are_told(runner, _):
    for name, words in (("status", "status 3: why"), ("signal", "signal 11"),
                        ("absent", "No such file")):
        answer = runner.call(name)
        assert answer["outcome"] == "failed" and words in answer["text"], answer
    answer = runner.call("proven")
    assert (answer["outcome"], answer["verified"]) == ("done", False), answer
    assert runner.call("unproven")["outcome"] == "sent"


def output_is_bounded_and_text(runner, _):
    assert runner.call("flood")["outcome"] == "failed"
    assert text(runner.call("bytes")) == "a\ufffdb\ufffdc"
    assert runner.call("json")["after"] == {"state": 5}
    assert runner.call("no-json")["outcome"] == "failed"
    assert runner.call("wrong-json")["outcome"] == "failed"


def time_is_bounded(runner, folder):
    lines = [runner.begin("call", name, "{}") for name in ("slow", "slow.reader")]
    assert text(runner.call("where.default")) == "/", "others go on"
    assert runner.end(lines[0])["outcome"] == "sent"
    assert runner.end(lines[1])["outcome"] == "failed"
    assert text(runner.call("background")) == "done"
    time.sleep(1.3)
    assert not os.path.exists(os.path.join(folder, "in", "late")), "it went with its group"


def limits_hold(runner, _):
    for name in ("busy", "hungry"):
        answer = runner.call(name)
        assert answer["outcome"] == "failed", answer


def the_system_is_out_of_reach(runner, _):
    if text(runner.call("ptrace")) != "-1":
        print("   no seccomp here")
        return
    assert text(runner.call("sockets")) == "False False False"
    assert text(runner.call("sockets.network")) == "False True False"
    if text(runner.call("writes")) == "True True True":
        print("   no Landlock here")
    else:
        assert text(runner.call("writes")) == "True False True"


def the_state_says_what_was_done(runner, folder):
    with open(os.path.join(folder, "in", "state"), "w", encoding="utf-8") as f:
        f.write("old")
    answer = runner.call("set", text="new")
    assert (answer["outcome"], answer["verified"]) == ("done", True), answer
    assert answer["before"]["text"] == "old" and answer["after"]["text"] == "new", answer
    assert runner.call("set", text="new")["outcome"] == "already"
    answer = runner.call("lie", text="other")
    assert (answer["outcome"], answer["verified"]) == ("sent", False), answer


def the_process_may_die(runner, _):
    line = runner.begin("call", "slow", "{}")
    found = []
    harness.wait_for(lambda: found.extend(children(runner.process.pid)) or found, "it")
    os.kill(found[0], signal.SIGKILL)
    assert runner.end(line)["outcome"] == "sent", "nobody knows"
    assert text(runner.call("where.default")) == "/", "it comes again"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


TESTS = (words_are_what_was_said, nothing_is_inherited, ends_are_told,
         output_is_bounded_and_text, time_is_bounded, limits_hold, the_system_is_out_of_reach,
         the_state_says_what_was_done, the_process_may_die)


HELLO = tool("my/hello", ["/bin/echo", "hello", "{text}"], schema=TEXT, more=(
    '    say: [{text: "It says {text}."}]\n    intents: [{intent: Greet, slots: {who: text}}]\n'))
GREET = ('language: en\nintents: {Greet: {data: [{sentences: ["greet {who}"]}]}}\n'
         "lists: {who: {wildcard: true}}\n")


def files_of_the_users_own():
    """The whole service reads them, and keeps what was there when one is broken."""
    with harness.Service() as service:
        folder = os.path.dirname(service.config)

        def write(name, content):
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(content)
            service.process.send_signal(signal.SIGHUP)

        write("intents/en/greet.yaml", GREET)
        write("tools/hello.yaml", "tools:\n" + HELLO)
        harness.wait_for(lambda: service.run("ask", "greet anna")[0] == "It says hello anna.",
                         "the tool")
        write("tools/hello.yaml", "tools:\n" + HELLO.replace("risk: read", "risk: rad"))
        harness.wait_for(lambda: "tools/hello.yaml:5:11: risk: " in service.said(), "the defect")
        assert service.run("ask", "greet bob")[0] == "It says hello bob."


def main():
    harness.require_bus()
    harness.dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    os.mkdir(os.path.join(folder, "in"))
    os.mkdir(os.path.join(folder, "out"))
    path = os.path.join(folder, "tools.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(declare(folder))
    runner = Runner(path)
    failed = runner.run(TESTS, folder)
    shutil.rmtree(folder)
    files_of_the_users_own()
    print("ok files_of_the_users_own")
    sys.exit(1 if failed else 0)


main()
