#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What stays: models that are added, chosen and broken, the history, folders and their modes,
the configuration; and that everything of it is told."""
import os
import signal
import stat
import tempfile

import harness
from harness import ERROR, Request, fails, wait_for
import dbus

NONE = dbus.Dictionary({}, signature="sv")
FEW = dbus.UInt32(4)


def query(**keys):
    return dbus.Dictionary(keys, signature="sv")


def models(s):
    return {str(m["name"]): m for m in s.interface("Models1").List(NONE)}


def tiny(s):
    return os.path.join(s.env["ASSISTANTD_DATA_DIR"], "tiny", "base.gguf")


def add(s, name, data):
    with tempfile.TemporaryFile() as f:
        f.write(data)
        f.flush()
        s.interface("Models1").Add(dbus.types.UnixFd(f), name, NONE)


def state_is_told(s):
    """PropertiesChanged and TasksChanged reach whoever wants to know."""
    changed, tasks = [], []
    matches = [s.bus.add_signal_receiver(lambda i, c, _: changed.append((str(i), c)),
                                         dbus_interface=dbus.PROPERTIES_IFACE,
                                         signal_name="PropertiesChanged", path=harness.PATH),
               s.bus.add_signal_receiver(tasks.append, dbus_interface=harness.NAME,
                                         signal_name="TasksChanged", path=harness.PATH)]
    os.kill(s.engine_pid(), signal.SIGKILL)
    wait_for(lambda: any(c.get("State") == 3 for _, c in changed), "the model again")
    seen = [int(c["State"]) for i, c in changed if i == harness.NAME and "State" in c]
    assert seen[0] in (1, 2) and seen[-1] == 3, seen
    assert tasks and set(tasks[-1]) == {"proofread", "tone", "summarize", "reply",
                          "notifications", "ask"}, tasks
    for m in matches:
        m.remove()


def what_is_fixed_is_stored(s):
    """An engine that starts anew reads it; what is damaged is computed and stored again."""
    folder = os.path.join(s.env["XDG_CACHE_HOME"], "assistantd", "prefixes")

    def summary(restart=True):
        if restart:
            os.kill(s.engine_pid(), signal.SIGKILL)
            wait_for(lambda: s.property("State") != 3, "the end of the engine")
            s.ready()
        return s.run("summarize", "The otter slept. The river was cold.", max_tokens=FEW)[0]

    def stored():
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return [os.path.join(folder, n) for n in names if len(n) == 64]
    text = summary(restart=False)
    wait_for(stored, "a file")
    path, = stored()
    before = os.stat(path)
    assert stat.S_IMODE(before.st_mode) == 0o600, oct(before.st_mode)
    with open(path, "rb") as f:
        content = f.read()
    assert b"otter" not in content
    assert summary() == text
    # Used, and found to be right: else it would have been replaced.
    after = os.stat(path)
    assert after.st_mtime_ns > before.st_mtime_ns and after.st_ino == before.st_ino
    with open(path, "r+b") as f:
        f.seek(len(content) // 2)
        f.write(bytes([content[len(content) // 2] ^ 1]))
    assert summary() == text
    wait_for(lambda: os.stat(path).st_ino != before.st_ino, "another file")
    with open(path, "rb") as f:
        assert f.read() == content
    assert stored() == [path]


def a_model_is_added_and_chosen(s):
    with open(tiny(s), "rb") as f:
        data = f.read()
    before = s.property("Model")
    add(s, "mine", data)
    wait_for(lambda: str(s.property("Model").get("path", "")) != str(before["path"]),
             "the other model")
    s.ready()
    assert models(s)["mine"]["active"] and not models(s)["default"]["active"]
    assert s.property("Model")["digest"] == before["digest"]
    path = str(models(s)["mine"]["path"])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, oct(os.stat(path).st_mode)
    s.run("tone", "Hello you.", max_tokens=FEW)
    s.interface("Models1").Use("default")
    wait_for(lambda: models(s)["default"]["active"], "the embedded model")
    s.ready()


def a_broken_model_leaves_the_service(s):
    with open(tiny(s), "rb") as f:
        data = f.read()
    cases = {"cut": data[:len(data) // 2], "noise": b"GGUF" + os.urandom(4096),
             "text": b"This is no model at all, but a text. " * 10, "nul": bytes(4096),
             "huge": data[:8] + b"\xff" * 8 + data[16:]}
    for name, bad in cases.items():
        add(s, name, bad)
        wait_for(lambda: s.property("State") == 5, f"no model ({name})")
        trouble = str(s.property("Model")["error"])
        assert f"{name}.gguf" in trouble or "current" in trouble, trouble
        # What needs no model goes on, what does says why.
        text, results = s.run("summarize", "The cat sat on the mat. The mat was red.")
        assert text and results["source"] == "baseline"
        assert s.run("ask", "what time is it")[0].startswith("It is ")
        fails("ModelMissing", s.run, "proofread", "Hello you.")
        text, results = s.run("tone", "Call me.", style="professional")
        assert (text, results["source"]) == ("Could you please call me?", "baseline"), text
        fails("ModelMissing", s.run, "tone", "Hello you.", style="nosuch")
        fails("NotReady", s.interface().CountTokens, "tone", "Hello you.", NONE)
        fails("NotReady", s.interface("Adapters1").Load, "plain", NONE)
        tasks = s.interface().ListTasks(NONE)
        assert tasks["tone"]["status"] == 6 and tasks["summarize"]["status"] == 6
        assert tasks["tone"]["reason"]
    s.interface("Models1").Use("default")
    s.ready()
    s.run("tone", "Hello you.", max_tokens=FEW)


def a_hint_stands_in_the_prompt(s):
    _, plain = s.run("reply", "Can you come on Sunday?", max_tokens=FEW)
    _, hinted = s.run("reply", "Can you come on Sunday?", max_tokens=FEW,
                      hint="I am in Berlin until then")
    assert plain["source"] == hinted["source"] == "model"
    assert hinted["tokens_in"] > plain["tokens_in"], (plain["tokens_in"], hinted["tokens_in"])


def what_is_no_file_is_not_added(s):
    for name in ("", ".", "..", "../x", "a/b", ".hidden", "x" * 101, "ü", "a b", "default", "a\n"):
        with tempfile.TemporaryFile() as f:
            fails("org.freedesktop.DBus.Error.InvalidArgs", s.interface("Models1").Add,
                  dbus.types.UnixFd(f), name, NONE)
    reader, writer = os.pipe()
    directory = os.open("/tmp", os.O_RDONLY)
    for fd in (reader, writer, directory):
        try:
            s.interface("Models1").Add(dbus.types.UnixFd(fd), "other", NONE)
            raise AssertionError("taken")
        except dbus.DBusException as error:
            assert error.get_dbus_name().startswith(ERROR), error
        os.close(fd)
    assert "other" not in models(s)
    assert not [n for n in os.listdir(os.path.join(s.home, "d/assistantd/models"))
                if n.endswith(".new")]
    assert s.property("State") == 3


def an_adapter_is_named_in_what_it_made(s):
    text, results = s.run("tone", "Hello you.", style="plain", max_tokens=FEW)
    assert results["adapter"] == "plain" and len(results["adapter_digest"]) == 64
    again, named = s.run("tone", "Hello you.", adapter="plain", max_tokens=FEW)
    assert (again, named["adapter_digest"]) == (text, results["adapter_digest"])
    adapters = s.interface("Adapters1")
    entry = lambda: {str(a["name"]): a for a in adapters.List(NONE)}["plain"]
    assert entry()["state"] == 4 and entry()["hits"] + entry()["loads"] >= 2, dict(entry())
    adapters.Pin("plain", True, NONE)
    wait_for(lambda: entry()["pinned"], "the pin")
    fails("Busy", adapters.Unload, "plain", NONE)
    os.kill(s.engine_pid(), signal.SIGKILL)
    wait_for(lambda: s.property("State") != 3, "the end of the engine")
    s.ready()
    # What is pinned is there again, without a request for it; what is not, is not.
    wait_for(lambda: entry()["state"] == 4 and entry()["loads"] == 1, "the pinned adapter")
    adapters.Pin("plain", False, NONE)
    wait_for(lambda: not entry()["pinned"], "the end of the pin")
    adapters.Unload("plain", NONE)
    wait_for(lambda: entry()["state"] == 2, "its end in memory")
    # It had become the user's: the program's own is not ours to write.
    assert entry()["own"]
    adapters.Remove("plain", NONE)
    wait_for(lambda: not entry()["own"], "the program's own")
    s.run("tone", "Hello you.", adapter="plain", max_tokens=FEW)
    assert entry()["state"] == 4


def catalogues_are_read_again_under_requests(s):
    """What runs goes on with what it began with."""
    catalog = os.path.join(s.env["ASSISTANTD_DATA_DIR"], "tiny", "catalog.yaml")
    with open(catalog, encoding="utf-8") as f:
        before = f.read()
    r = Request(s, "tone", "Send me the report by Friday and the slides by Monday. " * 300,
                adapter="plain", max_tokens=FEW)
    wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
    try:
        with open(catalog, "w", encoding="utf-8") as f:
            f.write("version: 1\nadapters: []\n")
        s.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not s.interface("Adapters1").List(NONE), "an empty catalogue")
        assert not r.response
        response, results = r.wait()
        assert response == 0 and results["adapter"] == "plain", (response, dict(results))
        fails("AdapterUnknown", s.run, "tone", "Hello you.", adapter="plain")
    finally:
        with open(catalog, "w", encoding="utf-8") as f:
            f.write(before)
        s.process.send_signal(signal.SIGHUP)
        wait_for(lambda: s.interface("Adapters1").List(NONE), "the catalogue again")


def the_history_holds_what_it_may(s):
    context = s.interface("Context1")
    s.run("summarize", "The zebra sat on the mat. The mat was red.")
    s.run("summarize", "The giraffe sat on the mat. The mat was red.", private=True)
    r = Request(s, "tone", "hippo. " +
                "Send me the report by Friday and the slides by Monday. " * 400)
    wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
    r.close()
    wait_for(lambda: context.History(query(words="hippo")), "the receipt of what was closed")
    assert context.History(query(words="hippo"))[0]["finish"] == "Cancelled"
    assert len(context.History(query(words="zebra"))) == 1
    assert not context.History(query(words="giraffe"))
    with open(os.path.join(s.home, "s/assistantd", next(
            n for n in os.listdir(os.path.join(s.home, "s/assistantd")) if n.endswith("wal"))),
              "rb") as f:
        assert b"giraffe" not in f.read(), "a private text is in the file"
    before = len(context.History(query(limit=dbus.UInt32(200))))
    for scope in ({"id": dbus.UInt64(0)}, {"id": dbus.Int64(-1)}, {"until": dbus.Int64(0)},
                  {"id": "1"}, {"colour": "red"}, {"since": dbus.Int64(-5)}):
        fails("org.freedesktop.DBus.Error.InvalidArgs", context.Forget, query(**scope))
    assert context.Forget(query(id=dbus.UInt64(999999))) == 0
    assert len(context.History(query(limit=dbus.UInt32(200)))) == before
    for words in ('"', "'; drop table x", "*", "a OR", "NEAR(", "zebra*", "-", "ü", "x" * 5000):
        context.History(query(words=words))
    assert context.Forget(NONE) >= before
    assert not context.History(NONE)


def folders_are_the_users_alone(s):
    for folder in ("s/assistantd", "d/assistantd", "d/assistantd/models"):
        mode = stat.S_IMODE(os.stat(os.path.join(s.home, folder)).st_mode)
        assert mode == 0o700, (folder, oct(mode))
    for name in os.listdir(os.path.join(s.home, "s/assistantd")):
        mode = stat.S_IMODE(os.stat(os.path.join(s.home, "s/assistantd", name)).st_mode)
        assert mode & 0o077 == 0, (name, oct(mode))


def the_sandbox_is_reported_as_it_is(s):
    told = s.property("Sandbox")
    with open(f"/proc/{s.engine_pid()}/status", encoding="ascii") as f:
        status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
    assert bool(told["no_new_privs"]) == (status["NoNewPrivs"] == "1")
    assert bool(told["seccomp"]) == (status["Seccomp"] == "2")


harness.main([
    state_is_told, what_is_fixed_is_stored, a_model_is_added_and_chosen,
    a_broken_model_leaves_the_service, a_hint_stands_in_the_prompt, what_is_no_file_is_not_added,
    an_adapter_is_named_in_what_it_made, catalogues_are_read_again_under_requests,
    the_history_holds_what_it_may, folders_are_the_users_alone, the_sandbox_is_reported_as_it_is,
], untrained=True)
