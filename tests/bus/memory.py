#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory: adapters that leave it under pressure, and requests that do not notice; adapters that
are pinned, and ones that are loaded before somebody asks."""
import hashlib
import os
import shutil
import signal
import subprocess

import harness
from harness import Request, spin, wait_for
import dbus

NONE = dbus.Dictionary({}, signature="sv")
FEW = dbus.UInt32(4)
LONG = "Send me the report by Friday and the slides by Monday. " * 400


def add_adapter(data, name, rank, lines):
    """Another adapter for the untrained model: its entry is the first one's but for @lines."""
    tiny = os.path.join(data, "tiny")
    subprocess.run([os.path.join(harness.BUILD, "assistant-engine"), "train-lora",
                    "tiny/base.gguf", *harness.UNTRAINED, "--rank", str(rank), "--out",
                    f"tiny/{name}.gguf", "--rows", "1", "--threads", "1", "--data", "pairs.jsonl",
                    "--held-out", "pairs.jsonl", "--checkpoint", f"{name}.checkpoint"],
                   cwd=data, check=True, capture_output=True)
    with open(os.path.join(tiny, f"{name}.gguf"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    with open(os.path.join(tiny, "catalog.yaml"), "r+", encoding="utf-8") as f:
        first = f.read().split("  - ")[1]
        kept = [line for line in first.splitlines() if line.split(":")[0].strip() in
                ("base", "tokenizer", "template", "prompt")]
        f.write(f"  - name: {name}\n    file: {name}.gguf\n    digest: {digest}\n"
                f"    rank: {rank}\n{lines}" + "\n".join(kept) + "\n")


harness.require_bus()
stalls = harness.Stalls()


def adapter(s, name="plain"):
    return {str(a["name"]): a for a in s.interface("Adapters1").List(NONE)}[name]


def changes(s):
    seen = []
    s.bus.add_signal_receiver(lambda names: seen.append(list(map(str, names))),
                              dbus_interface="org.assistantd.Adapters1",
                              signal_name="Changed", path=harness.PATH)
    return seen


def what_is_idle_leaves_under_pressure(s):
    assert s.property("Pressure", "Adapters1") == 0
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    assert adapter(s)["state"] == 4
    seen = changes(s)
    running = Request(s, "tone", LONG, style="plain")
    wait_for(lambda: any(m == "Delta" for m, _, _ in running.signals), "text")
    stalls.add(300000)
    wait_for(lambda: s.property("Pressure", "Adapters1") == 1, "pressure")
    wait_for(lambda: any("plain" in names for names in seen), "the signal")
    # It is in use, and what uses it goes on.
    told = len(running.signals)
    wait_for(lambda: len(running.signals) > told + 4, "more text")
    assert adapter(s)["state"] == 4 and running.response is None
    running.close()
    wait_for(lambda: adapter(s)["state"] == 2, "the adapter to leave")
    assert adapter(s)["evictions"] == 1, dict(adapter(s))
    # What is pinned is not idle.
    assert adapter(s, "held")["state"] == 4


def requests_are_served_under_pressure(s):
    before = str(s.run("tone", "I want the contract by noon.", style="plain",
                       max_tokens=dbus.UInt32(40))[0])
    stalls.add(300000)
    wait_for(lambda: s.property("Pressure", "Adapters1") == 2, "more pressure")
    wait_for(lambda: adapter(s)["state"] == 2, "the adapter to leave")
    loads = adapter(s)["loads"]
    again = str(s.run("tone", "I want the contract by noon.", style="plain",
                      max_tokens=dbus.UInt32(40))[0])
    assert again == before, (before, again)
    assert adapter(s)["loads"] == loads + 1 and adapter(s)["misses"] >= 2, dict(adapter(s))


def it_holds_for_the_next_engine(s):
    os.kill(s.engine_pid(), signal.SIGKILL)
    wait_for(lambda: s.property("State") != 3, "the end of the engine")
    s.ready()
    stalls.add(300000)
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    wait_for(lambda: adapter(s)["state"] == 2 and adapter(s)["loads"] == 1,
             "the adapter to leave")


def what_is_pinned_is_there_again(s):
    wait_for(lambda: adapter(s, "held")["state"] == 4, "the pinned adapter")
    assert adapter(s, "held")["pinned"] and adapter(s, "held")["hits"] == 0
    os.kill(s.engine_pid(), signal.SIGKILL)
    wait_for(lambda: s.property("State") != 3, "the end of the engine")
    s.ready()
    wait_for(lambda: adapter(s, "held")["state"] == 4, "the pinned adapter again")
    assert not adapter(s)["pinned"]


def tone_then_summary(s):
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    s.run("summarize", "The cat sat on the mat. The mat was red.", max_tokens=FEW)


def forget_and_unload(s, forget):
    if forget:
        s.interface("Context1").Forget(NONE)
    s.interface("Adapters1").Unload("short", NONE)
    wait_for(lambda: adapter(s, "short")["state"] == 2, "it to leave")


def what_is_likely_is_there_already(s):
    for _ in range(3):
        tone_then_summary(s)
    assert adapter(s, "short")["loads_ahead"] == 0, dict(adapter(s, "short"))
    forget_and_unload(s, False)
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    wait_for(lambda: adapter(s, "short")["loads_ahead"] == 1, "the load ahead")
    assert adapter(s, "short")["state"] == 4 and adapter(s, "short")["loads_ahead_used"] == 0
    s.run("summarize", "The cat sat on the mat. The mat was red.", max_tokens=FEW)
    wait_for(lambda: adapter(s, "short")["loads_ahead_used"] == 1, "its use")
    # Nothing is learnt of private requests, and what was learnt is forgotten.
    forget_and_unload(s, True)
    for _ in range(4):
        s.run("tone", "Hello you.", style="plain", max_tokens=FEW, private=True)
        s.run("summarize", "The cat sat. The mat was red.", max_tokens=FEW, private=True)
    forget_and_unload(s, False)
    s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    spin(0.3)
    assert adapter(s, "short")["loads_ahead"] == 1, dict(adapter(s, "short"))


os.environ["ASSISTANTD_PRESSURE_FILE"] = stalls.path
folder = harness.untrained_model()
try:
    add_adapter(folder, "short", 2, "    task: summarize\n")
    add_adapter(folder, "held", 3, "    task: tone\n    style: held\n    pinned: true\n")
    harness.main([what_is_pinned_is_there_again, what_is_likely_is_there_already,
                  what_is_idle_leaves_under_pressure, requests_are_served_under_pressure,
                  it_holds_for_the_next_engine], data=folder)
finally:
    os.unlink(stalls.path)
    shutil.rmtree(folder)
