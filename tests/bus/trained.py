#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real run of training in the service: requests beside it get what they would get without it,
and whatever is killed in the middle, the same adapter comes out, byte for byte."""
import json
import os
import shutil
import signal
import tempfile

import harness
from harness import Request, Service, ctl, run_tests, wait_for
import dbus

NONE = dbus.Dictionary({}, signature="sv")
FRUIT = "apple pear plum fig lime kiwi peach grape lemon melon".split()
EPOCHS = 3
TEXT = "Send me the report by Friday and the slides by Monday. " * 8


def rows():
    """What is easily learnt: who is greeted is turned round."""
    for a in FRUIT:
        for b in FRUIT:
            yield {"messages": [{"role": "user", "content": f"Hello {a} and {b}."},
                                {"role": "assistant", "content": f"{b} and {a}, dear {b}."}]}


def training(s):
    return s.interface("Training1")


def start(s, name="mine", n=100, **options):
    settings = dict(rank=dbus.UInt32(4), context=dbus.UInt32(128), rows=dbus.UInt32(8),
                    epochs=dbus.UInt32(EPOCHS), rate=0.002, threads=dbus.UInt32(2))
    settings.update(options)
    with tempfile.TemporaryFile() as f:
        f.write("".join(json.dumps(row) + "\n" for row in list(rows())[:n]).encode())
        f.flush()
        return training(s).Start(name, dbus.types.UnixFd(f.fileno()),
                                 dbus.Dictionary(settings, signature="sv"))


def last(s):
    return training(s).List(NONE)[-1]


def ended(s, state):
    wait_for(lambda: last(s)["ended"], "the end of the run")
    assert last(s)["state"] == state, dict(last(s))
    return last(s)


def training_now(s):
    """Its process, in the middle of its steps; never 0, which would be all of ours."""
    def works():
        r = last(s)
        return r["state"] == "running" and r["stage"] == "training" and r["pid"] > 0
    wait_for(works, "the steps")
    return int(last(s)["pid"])


def state_of(pid):
    """As ps tells it; Z also when it is not there any more, not even to be waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def stands_still(pid):
    return state_of(pid) == "T"


def answers(s):
    """Texts that the model writes, drawn with seeds and at once."""
    requests = [Request(s, "tone", TEXT, style="plain", temperature=1.0, seed=dbus.UInt32(seed))
                for seed in range(1, 4)]
    return [str(r.wait()[1]["text"]) for r in requests]


alone = {}


def a_run_by_itself(s):
    alone["answers"] = answers(s)
    start(s)
    r = ended(s, "installed")
    alone["digest"] = str(r["digest"])
    assert len(r["digest"]) == 64 and r["held_out"] < r["held_out_base"] and r["report"], dict(r)
    assert "better" in r["reason"], r["reason"]
    # Of the run, what tells of it is kept.
    folder = os.path.join(s.home, "d/assistantd/training/1")
    wait_for(lambda: sorted(os.listdir(folder)) == ["report.html", "run.json"], "the rest")
    adapter = [a for a in s.interface("Adapters1").List(NONE) if a["name"] == "mine"][0]
    assert adapter["digest"] == alone["digest"] and adapter["sequence"] == 1, dict(adapter)
    _, results = s.run("tone", "Hello fig and lime.", style="mine")
    assert results["adapter"] == "mine" and results["adapter_digest"] == alone["digest"]


def the_same_name_again(s):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(row) + "\n" for row in list(rows())[:40])
        f.flush()
        out = ctl(s, "adapter", "train", "mine", "--data", f.name, "--epochs", "1", "--rows", "8",
                  "--rank", "4", "--context", "128", "--rate", "0.002", "--threads", "2")
    assert "version 2 of mine" in out, out
    r = ended(s, "installed")
    versions = s.interface("Adapters1").Versions("mine", NONE)
    assert [(int(v["sequence"]), str(v["state"])) for v in versions] == \
        [(1, "retired"), (2, "active")], versions
    assert versions[1]["digest"] == r["digest"]


def what_is_no_better_is_kept_out(s):
    before = [str(a["digest"]) for a in s.interface("Adapters1").List(NONE)]
    start(s, "useless", n=40, epochs=dbus.UInt32(1), rate=1e-7)
    r = ended(s, "rejected")
    assert not r["digest"] and r["report"] and r["reason"], dict(r)
    assert [str(a["digest"]) for a in s.interface("Adapters1").List(NONE)] == before
    assert "no better than the model alone" in s.said()
    path = ctl(s, "adapter", "train", "report", "useless").strip()
    with open(path, encoding="utf-8") as f:
        assert "<svg" in f.read()


def bad_lines_are_named(s):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        for row in list(rows())[:20]:
            f.write(json.dumps(row) + "\n")
        f.write('{"messages": [{"role": "robot", "content": "Beep."}]}\n')
        f.flush()
        out = ctl(s, "adapter", "train", "bad", "--data", f.name, status=1)
        assert "line 21: messages[0].role" in out, out


def disturbed(s):
    """Requests, then a kill; the checkpoint is the one that a pause has written."""
    start(s)
    pid = training_now(s)
    request = Request(s, "tone", TEXT, style="plain")
    wait_for(lambda: stands_still(pid), "it to stand still")
    assert answers(s) == alone["answers"]
    request.wait()
    assert stands_still(pid) and last(s)["reason"] == "requests are worked on"
    wait_for(lambda: not stands_still(pid), "it to go on")
    training(s).Pause(dbus.UInt64(1), NONE)
    wait_for(lambda: not last(s)["pid"], "it to leave memory")
    assert last(s)["state"] == "paused" and last(s)["stage"] == "training", dict(last(s))
    training(s).Resume(dbus.UInt64(1), NONE)
    pid = training_now(s)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: last(s)["pid"] not in (0, pid), "another process")
    alone["pid"] = training_now(s)
    # One that stands still does not notice that the service is gone.
    Request(s, "tone", TEXT, style="plain")
    wait_for(lambda: stands_still(alone["pid"]), "it to stand still")
    s.ends_with = -signal.SIGKILL
    s.process.kill()
    s.process.wait()


def goes_on_to_the_same_adapter(s):
    wait_for(lambda: state_of(alone["pid"]) == "Z", "the old process to go")
    r = ended(s, "installed")
    assert r["digest"] == alone["digest"], (str(r["digest"]), alone["digest"])
    assert answers(s) == alone["answers"]


def main():
    harness.require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    data = harness.untrained_model()
    home = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    failed = 0
    try:
        for tests, where in (((a_run_by_itself, the_same_name_again,
                               what_is_no_better_is_kept_out, bad_lines_are_named), None),
                             ((disturbed,), home), ((goes_on_to_the_same_adapter,), home)):
            with Service(data=data, home=where) as s:
                s.ready()
                failed += run_tests(tests, s)
            if failed:
                print(s.output)
                break
    finally:
        shutil.rmtree(data)
        shutil.rmtree(home)
    raise SystemExit(1 if failed else 0)


main()
