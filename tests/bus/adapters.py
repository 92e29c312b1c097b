#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adapters on their way in, into service, and back, while the service runs: each step, what
is refused and why, and that nothing in service notices."""
import hashlib
import os
import re
import signal
import tempfile

import harness
import lora
from harness import Request, fails, wait_for
import dbus

INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
LIMITS = "org.freedesktop.DBus.Error.LimitsExceeded"
NONE = dbus.Dictionary({}, signature="sv")
FEW = dbus.UInt32(4)
WORK = tempfile.mkdtemp(prefix="ad.", dir="/tmp")


def options(**keys):
    return dbus.Dictionary(keys, signature="sv")


def adapters(s):
    return s.interface("Adapters1")


def entry(s, name):
    return {str(a["name"]): a for a in adapters(s).List(NONE)}.get(name)


def versions(s, name):
    return {str(v["digest"]): str(v["state"]) for v in adapters(s).Versions(name, NONE)}


def folder(s):
    return os.path.join(s.home, "d/assistantd/adapters")


def plain(s):
    """A LoRA of the embedded model, without a manifest."""
    return lora.read(os.path.join(s.env["ASSISTANTD_DATA_DIR"], "tiny", "tone-concise.gguf"))


def descriptor(data):
    with tempfile.TemporaryFile() as f:
        f.write(data)
        f.flush()
        return dbus.types.UnixFd(f)


def bring(s, data, name="note", **more):
    """Import of one file, into service."""
    files = dbus.Dictionary({"adapter.gguf": descriptor(data)}, signature="sh")
    keys = dict({"name": name, "task": "tone", "style": name, "commit": True}, **more)
    return adapters(s).Import(files, options(**keys), timeout=harness.PATIENCE)


def stage(s, data):
    return adapters(s).Stage(descriptor(data), NONE, timeout=harness.PATIENCE)


def manifest_of(s, digest):
    """Content and manifest of an installed package."""
    out = tempfile.mkdtemp(dir=WORK)
    lora.engine("package", os.path.join(folder(s), f"{digest}.gguf"), "--extract", out)
    with open(os.path.join(out, "manifest.yaml"), encoding="utf-8") as f:
        return lora.read(os.path.join(out, "content.gguf")), f.read()


def release(manifest, sequence, **changes):
    """The manifest of another release; @changes replace the values of their keys."""
    for key, value in dict({"sequence": sequence}, **changes).items():
        old = r"base:\n  - .*" if key == "base" else rf"{key}: .*"
        manifest, n = re.subn(rf"(?m)^{old}$", f"{key}: {value}", manifest)
        assert n == 1, (key, manifest)
    return manifest


def says(s, name):
    """What the adapter makes of a text."""
    text, results = s.run("tone", "Please send me the report by Friday.", adapter=name)
    assert results["adapter"] == name
    return str(text), str(results["adapter_digest"])


def a_lora_is_imported(s):
    changed = []
    match = s.bus.add_signal_receiver(changed.append, dbus_interface="org.assistantd.Adapters1",
                                      signal_name="Changed", path=harness.PATH)
    before = says(s, "tone-concise")[0]
    digest, facts = bring(s, plain(s), title="A note", languages=dbus.Array(["en"], "s"))
    assert facts["verdict"] == "good" and facts["effect"] > 0, dict(facts)
    assert facts["sequence"] == 1 and facts["canaries"] > 0 and facts["signature"] == "none"
    data = lora.read(os.path.join(folder(s), f"{digest}.gguf"))
    assert hashlib.sha256(data).hexdigest() == digest
    told = entry(s, "note")
    assert (told["title"], told["own"], told["enabled"], told["proof"]) == \
        ("A note", True, True, "good"), dict(told)
    assert list(told["languages"]) == ["en"] and told["versions"] == 1
    # The same numbers: the same text.
    assert says(s, "note") == (before, digest)
    explained = adapters(s).Explain("note", NONE)
    assert explained["fits"] and explained["mismatch"] == "", dict(explained)
    assert list(explained["bases"]) == ["default"], list(explained["bases"])
    wait_for(lambda: any("note" in names for names in changed), "the signal")
    match.remove()
    assert "note" in [str(x) for x in s.interface().ListTasks(NONE)["tone"]["styles"]]


def a_file_is_looked_at(s):
    facts = adapters(s).Inspect(descriptor(plain(s)), NONE)
    assert facts["kind"] == "lora" and facts["rank"] > 0 and "name" not in facts, dict(facts)
    digest = str(entry(s, "note")["digest"])
    facts = adapters(s).Inspect(descriptor(
        lora.read(os.path.join(folder(s), f"{digest}.gguf"))), NONE)
    assert facts["kind"] == "package" and facts["name"] == "note", dict(facts)
    assert facts["digest"] == digest
    fails(INVALID, adapters(s).Inspect, descriptor(b"no adapter at all"), NONE)


def versions_come_and_go(s):
    first = str(entry(s, "note")["digest"])
    content, manifest = manifest_of(s, first)
    # Half as strong: another text is not promised, another digest is.
    weaker = lora.Lora(content).all(lambda numbers, _: [x * 0.5 for x in numbers], "lora_b")
    plain_manifest = re.sub(r"(?ms)^canaries:.*", "", manifest)
    second = lora.package(WORK, weaker, release(plain_manifest, 2))
    digest, facts = stage(s, second)
    assert facts["sequence"] == 2 and facts["verdict"] == "good", dict(facts)
    # Nothing in service has changed.
    assert says(s, "note")[1] == first
    assert entry(s, "note")["staged"] == digest and entry(s, "note")["digest"] == first
    assert versions(s, "note") == {first: "active", digest: "staged"}
    # A request that runs ends with what it began with.
    r = Request(s, "tone", "Send me the report by Friday and the slides by Monday. " * 300,
                adapter="note", max_tokens=FEW)
    wait_for(lambda: any(m == "Delta" for m, _, _ in r.signals), "text")
    assert adapters(s).Commit("note", NONE) == digest
    assert not r.response
    assert says(s, "note")[1] == digest
    response, results = r.wait()
    assert response == 0 and results["adapter_digest"] == first, (response, dict(results))
    assert versions(s, "note") == {first: "retired", digest: "active"}
    assert adapters(s).Commit("note", options(digest=digest)) == digest
    fails("AdapterUnknown", adapters(s).Commit, "note", NONE)
    # An older release is no update; the way back is Rollback.
    old = lora.package(WORK, content, release(manifest, 1, title='"older"'))
    assert "SIG" in fails("AdapterMismatch", stage, s, old)
    assert adapters(s).Rollback("note", NONE) == first
    assert says(s, "note")[1] == first
    reasons = {str(v["digest"]): str(v["reason"]) for v in adapters(s).Versions("note", NONE)}
    assert reasons[digest] == "rolled back", reasons
    assert adapters(s).Rollback("note", NONE) == digest
    adapters(s).Remove("note", options(digest=digest))
    assert versions(s, "note") == {first: "retired"}
    fails("AdapterUnknown", s.run, "tone", "Hello you.", adapter="note")
    assert adapters(s).Rollback("note", NONE) == first
    fails("AdapterUnknown", adapters(s).Rollback, "note", NONE)
    wait_for(lambda: not os.path.exists(os.path.join(folder(s), f"{digest}.gguf")),
             "the removal of the file")


def what_does_nothing_or_something_else_is_refused(s):
    first = str(entry(s, "note")["digest"])
    content, manifest = manifest_of(s, first)
    bare = re.sub(r"(?ms)^canaries:.*", "", manifest)
    good = lora.Lora(content)
    cases = {
        "zeroed": (lora.Lora(content).all(lora.zeros, "lora_b"), bare),
        "hardly there": (lora.Lora(content).all(
            lambda numbers, _: [x * 1e-7 for x in numbers], "lora_b"), bare),
        "huge": (lora.Lora(content).all(
            lambda numbers, _: [x * 1000 for x in numbers], "lora_b"), bare),
        # The right size, and another adapter: its maker's examples tell.
        "transposed": (lora.Lora(content).all(lora.transposed), manifest),
        "another one's examples": (content, re.sub(r"(?m)^(\s+)output: .*$",
                                                   r'\1output: "something else"', manifest)),
        "another model": (content, release(bare, 9, base="[" + "ab" * 32 + "]")),
        "another tokenizer": (content, release(bare, 9, tokenizer="ab" * 32)),
        "another template": (content, release(bare, 9, template="ab" * 32)),
    }
    assert good.tensors
    for what, (data, text) in cases.items():
        text = release(text, 9) if "sequence: 9" not in text else text
        message = fails("AdapterMismatch", stage, s, lora.package(WORK, data, text))
        print(f"   {what}: {message}")
        assert says(s, "note")[1] == first, what
    refused = [v for v in adapters(s).Versions("note", NONE) if v["state"] == "refused"]
    assert refused and all(v["reason"] for v in refused), refused
    # Of what was refused nothing stays on the disk.
    files = [n for n in os.listdir(folder(s)) if n.endswith((".gguf", ".new"))]
    assert files == [f"{first}.gguf"], files


def malformed_files_are_named(s):
    """Cases 97 to 104 of what an adapter can have wrong, by the method that brings it in."""
    first = str(entry(s, "note")["digest"])
    whole = lora.read(os.path.join(folder(s), f"{first}.gguf"))
    content = plain(s)
    name = next(n for n in lora.Lora(content).tensors if n.endswith("lora_a"))
    other = name[:-1] + "b"
    nan, inf = float("nan"), float("inf")

    def dims(tensor, *values):
        file = lora.Lora(content)
        return file.patched(file.dims_at(tensor), f"<{len(values)}Q", *values)

    def first_number(value):
        file = lora.Lora(content)
        file.floats(name, lambda numbers, _: [value] + numbers[1:])
        return bytes(file.data)

    def alpha(value):
        file = lora.Lora(content)
        return file.patched(file.values["adapter.lora.alpha"], "<f", value)
    cases = {
        98: [lora.Lora(content).renamed(name, name[:-1] + "x"),
             lora.Lora(content).renamed(other, other[:-1] + "x")],
        99: [dims(name, lora.Lora(content).tensors[name][1][0], 0),
             dims(name, lora.Lora(content).tensors[name][1][0], 257),
             dims(name, lora.Lora(content).tensors[name][1][0], 2)],
        100: [lora.Lora(content).renamed("ffn_up.weight", "ffn_gate.weig"),
              lora.Lora(content).renamed("blk.1.", "blk.0.")],
        101: [alpha(nan), alpha(inf), alpha(1e30), first_number(nan), first_number(inf)],
        103: [lora.Lora(content).renamed("blk.3.", "blk.9."), dims(name, 64, 4)],
    }
    truncated = [content[:n] for n in (0, 3, 24, len(content) // 2, len(content) - 1)]
    for number, files in dict(cases, trunc=truncated).items():
        for data in files:
            try:
                bring(s, data, "bad")
                raise AssertionError(f"case {number} was taken")
            except dbus.DBusException as error:
                kind = error.get_dbus_name()
                assert kind in (INVALID, harness.ERROR + "AdapterMismatch"), (number, error)
                assert re.match(r"^[A-Z]+ ?", error.get_dbus_message()), (number, error)
                print(f"   case {number}: {error.get_dbus_message()}")
    assert entry(s, "bad") is None
    # 102: a signature that is none, cut, or of another file.
    for tail in (b"untrusted comment: x\n", b"x" * 5000, b""):
        signed = whole + tail + len(tail).to_bytes(4, "little") + b"ASSISTSIGN1\n"
        assert "SIG" in fails("AdapterMismatch", stage, s, signed)
    # 97 is the base model's, above; 104: more than all adapters may have.
    budget = s.property("Budget", "Adapters1")
    adapters(s).SetBudget(dbus.UInt64(1 << 15), NONE)
    assert s.property("Budget", "Adapters1") == 1 << 15
    assert "LIMIT" in fails(LIMITS, stage, s, whole)
    fails(LIMITS, adapters(s).Pin, "note", True, NONE)
    assert not entry(s, "note")["pinned"]
    adapters(s).SetBudget(dbus.UInt64(budget), NONE)
    assert "no package" in fails(INVALID, stage, s, content)
    assert says(s, "note")[1] == first


def wrong_calls_are_told(s):
    nothing = dbus.Dictionary({}, signature="sh")
    assert "at least one" in fails(INVALID, adapters(s).Import, nothing, NONE)
    many = dbus.Dictionary({f"f{i}": descriptor(b"x") for i in range(9)}, signature="sh")
    assert "8" in fails(INVALID, adapters(s).Import, many, NONE)
    one = dbus.Dictionary({"a.gguf": descriptor(plain(s))}, signature="sh")
    for wrong in ({"colour": "red"}, {"scale": "much"}, {"languages": "en"}, {"name": True}):
        key = next(iter(wrong))
        assert key in fails(INVALID, adapters(s).Import, one, options(**wrong))
    for keys in ({}, {"name": "x"}, {"task": "tone"}, {"name": "Ö", "task": "tone"},
                 {"name": "x", "task": "dance"}, {"name": "x", "task": "tone", "scale": 99.0},
                 {"name": "x", "task": "tone", "prompt": "{{ text"}):
        print("  ", keys, fails(INVALID, adapters(s).Import, one, options(**keys)))
    for call in (adapters(s).Explain, adapters(s).Versions, adapters(s).Test, adapters(s).Load,
                 adapters(s).Unload, adapters(s).Rollback, adapters(s).Commit,
                 adapters(s).Remove):
        assert "nothing" in fails("AdapterUnknown", call, "nothing", NONE)
    for call in (adapters(s).Pin, adapters(s).Enable):
        fails("AdapterUnknown", call, "nothing", True, NONE)
    fails(INVALID, adapters(s).Remove, "tone-concise", NONE)
    fails(INVALID, adapters(s).Remove, "note", options(digest="12"))
    fails(INVALID, adapters(s).SetBudget, dbus.UInt64(1), NONE)
    fails(INVALID, adapters(s).SetBudget, dbus.UInt64(1 << 60), NONE)
    reader, writer = os.pipe()
    fails(INVALID, adapters(s).Stage, dbus.types.UnixFd(reader), NONE)
    os.close(reader)
    os.close(writer)


def a_disabled_adapter_does_not_serve(s):
    for name in ("note", "tone-concise"):
        adapters(s).Enable(name, False, NONE)
        assert entry(s, name)["state"] == 6 and not entry(s, name)["enabled"]
        assert adapters(s).Explain(name, NONE)["mismatch"] == "disabled"
        assert "disabled" in fails("AdapterMismatch", s.run, "tone", "Hello.", adapter=name)
        if name == "note":
            # Not named, either; of a style that rules know, they serve.
            assert name not in s.interface().ListTasks(NONE)["tone"]["styles"]
            assert "it is disabled" in fails("TaskUnavailable", s.run, "tone", "Hello.",
                                             style=name)
        adapters(s).Enable(name, True, NONE)
        says(s, name)
    adapters(s).Rollback("tone-concise", NONE)
    assert not entry(s, "tone-concise")["own"] and entry(s, "tone-concise")["versions"] == 2
    names = [str(a["name"]) for a in adapters(s).List(NONE)]
    assert len(names) == len(set(names)), names
    adapters(s).Remove("tone-concise", NONE)


def a_name_without_a_version_in_service_is_told(s):
    bring(s, plain(s), "later", commit=False)
    told = entry(s, "later")
    assert told["state"] == 6 and told["reason"] == "no version of it is in service", dict(told)
    assert "no version" in fails("AdapterUnknown", adapters(s).Explain, "later", NONE)
    assert "later" not in s.interface().ListTasks(NONE)["tone"]["styles"]
    adapters(s).Remove("later", NONE)
    assert not entry(s, "later")


def what_comes_into_memory_is_signalled(s):
    changed, used = [], []
    signals = [
        s.bus.add_signal_receiver(changed.append, dbus_interface="org.assistantd.Adapters1",
                                  signal_name="Changed", path=harness.PATH),
        s.bus.add_signal_receiver(lambda of, values, _: used.append(values.get("Used")),
                                  dbus_interface=dbus.PROPERTIES_IFACE, path=harness.PATH,
                                  signal_name="PropertiesChanged",
                                  arg0="org.assistantd.Adapters1")]
    # It may be there already.
    adapters(s).Load("tone-friendly", NONE)
    for call, state in ((adapters(s).Unload, 2), (adapters(s).Load, 4), (adapters(s).Unload, 2)):
        changed.clear()
        used.clear()
        call("tone-friendly", NONE)
        wait_for(lambda state=state: entry(s, "tone-friendly")["state"] == state, "the state")
        wait_for(lambda: changed and used, "the signals")
    # Where it is already, there is nothing to do.
    adapters(s).Unload("tone-friendly", NONE)
    for match in signals:
        match.remove()
    # What is not in memory is not pinned there, and can be let go of in the catalogue.
    adapters(s).Pin("tone-friendly", False, NONE)
    assert not entry(s, "tone-friendly")["pinned"]
    adapters(s).Remove("tone-friendly", NONE)


def a_crowd_of_calls_is_turned_away(s):
    answers, errors, interface = [], [], adapters(s)
    # They are all there when it reads the first.
    os.kill(s.process.pid, signal.SIGSTOP)
    for _ in range(40):
        interface.Test("note", NONE, reply_handler=answers.append,
                       error_handler=errors.append, timeout=harness.PATIENCE)
    s.bus.flush()
    os.kill(s.process.pid, signal.SIGCONT)
    wait_for(lambda: len(answers) + len(errors) == 40, "the answers")
    assert len(answers) >= 16 and errors, (len(answers), errors)
    assert {e.get_dbus_name() for e in errors} == {"org.assistantd.Error.Busy"}, errors
    interface.Test("note", NONE, timeout=harness.PATIENCE)


def proofs_can_be_asked_for(s):
    result = adapters(s).Test("note", NONE, timeout=harness.PATIENCE)
    assert result["verdict"] == "good" and result["effect"] > 0 and result["canaries"] > 0


def files_that_change_harm_nothing(s):
    """What is in memory goes on; what has to be read is found to be another, and told."""
    digest = str(entry(s, "note")["digest"])
    path = os.path.join(folder(s), f"{digest}.gguf")
    data = lora.read(path)

    def out_of_memory():
        adapters(s).Unload("note", NONE)
        wait_for(lambda: entry(s, "note")["state"] != 4, "its end in memory")
    text = says(s, "note")
    for what in (data[:len(data) // 2], bytes(len(data)), data[:-1] + b"x", b"x"):
        lora.write(path, what)
        assert says(s, "note") == text, "what is in memory is used"
        out_of_memory()
        fails("AdapterMismatch", s.run, "tone", "Hello you.", adapter="note", max_tokens=FEW)
        told = adapters(s).Explain("note", NONE)
        assert told["mismatch"] == "file" and not told["fits"], dict(told)
        assert entry(s, "note")["state"] == 7 and entry(s, "note")["reason"]
        # By task, it is passed over.
        assert s.run("tone", "Hello you.", style="concise", max_tokens=FEW)
        lora.write(path, data)
        assert says(s, "note") == text, "and back"
    # What was chosen by the task is chosen anew, within the same request.
    mine = str(bring(s, plain(s), "mine", style="concise")[0])
    style = lambda: s.run("tone", "Please send me the report by Friday.", style="concise")[1]
    assert style()["adapter"] == "mine"
    adapters(s).Unload("mine", NONE)
    lora.write(os.path.join(folder(s), f"{mine}.gguf"), b"GGUF, but no more")
    results = style()
    assert results["adapter"] == "" and results["adapter_digest"] == "", dict(results)
    assert adapters(s).Explain("mine", NONE)["mismatch"] == "file"
    adapters(s).Remove("mine", NONE)
    os.rename(path, path + ".away")
    out_of_memory()
    assert entry(s, "note")["state"] == 1
    assert adapters(s).Explain("note", NONE)["mismatch"] == "absent"
    fails("AdapterMismatch", s.run, "tone", "Hello you.", adapter="note", max_tokens=FEW)
    os.rename(path + ".away", path)
    assert says(s, "note") == text


def each_mismatch_is_explained(s):
    """By a catalogue that somebody has edited: what does not fit is not used, and says why."""
    path = os.path.join(folder(s), "catalog.yaml")
    before = lora.read(path).decode()
    told = entry(s, "note")

    def reads(text, condition):
        lora.write(path, text)
        s.process.send_signal(signal.SIGHUP)
        wait_for(condition, "the catalogue")
    for key, what in (("base", "weights"), ("tokenizer", "tokenizer"), ("template", "template")):
        old = re.search(rf"(?m)^ +{key}:(?:\n +- |\s*)\[?\"?([0-9a-f]{{64}})", before).group(1)
        reads(before.replace(old, "ab" * 32),
              lambda: adapters(s).Explain("note", NONE)["mismatch"] == what)
        explained = adapters(s).Explain("note", NONE)
        assert explained["expected"] == "ab" * 32 and explained["found"] == old, dict(explained)
        assert list(explained["bases"]) == ([] if key == "base" else ["default"])
        assert entry(s, "note")["state"] == 5, dict(entry(s, "note"))
        fails("AdapterMismatch", s.run, "tone", "Hello.", adapter="note")
        fails("TaskUnavailable", s.run, "tone", "Hello.", style="note")
    # Put there by hand, and without effect: found out before it is used.
    nothing = lora.Lora(plain(s)).all(lora.zeros, "lora_b")
    lora.write(os.path.join(folder(s), "nothing.gguf"), nothing)
    item = before[before.index("  - name"):].replace(str(told["digest"]), "DIGEST")
    item = re.sub(r"(?m)^( +file:).*$", r"\1 nothing.gguf", item)
    item = item.replace("DIGEST", hashlib.sha256(nothing).hexdigest()).replace("note", "nothing")
    reads(before + item, lambda: entry(s, "nothing"))
    assert "does not serve" in fails("AdapterMismatch", s.run, "tone", "Hello.",
                                     adapter="nothing")
    explained = adapters(s).Explain("nothing", NONE)
    assert (explained["mismatch"], bool(explained["fits"])) == ("proof", False), dict(explained)
    assert entry(s, "nothing")["proof"] == "no-effect" and entry(s, "nothing")["state"] == 7
    reads(before, lambda: not entry(s, "nothing"))
    assert says(s, "note")[1] == told["digest"]


def what_was_found_is_remembered(s):
    """A second start proves nothing again."""
    path = os.path.join(s.home, "s/assistantd/verdicts")
    wait_for(lambda: os.path.exists(path), "the verdicts")
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    digest = str(entry(s, "note")["digest"])
    assert [line for line in lines if line.startswith(digest) and " good " in line], lines


harness.main([
    a_lora_is_imported, a_file_is_looked_at, versions_come_and_go,
    what_does_nothing_or_something_else_is_refused, malformed_files_are_named,
    wrong_calls_are_told, a_disabled_adapter_does_not_serve,
    a_name_without_a_version_in_service_is_told, a_crowd_of_calls_is_turned_away,
    what_comes_into_memory_is_signalled,
    proofs_can_be_asked_for,
    files_that_change_harm_nothing, each_mismatch_is_explained, what_was_found_is_remembered,
])
