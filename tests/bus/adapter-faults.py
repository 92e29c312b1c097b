#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adapters when something ends, is full, or may not: services of their own for each."""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

import flatpak
import harness
import lora
from harness import ERROR, Service, fails, wait_for
import dbus

DENIED = "org.freedesktop.DBus.Error.AccessDenied"
INVALID = "org.freedesktop.DBus.Error.InvalidArgs"
LIMITS = "org.freedesktop.DBus.Error.LimitsExceeded"
NONE = dbus.Dictionary({}, signature="sv")

FULL = 'mkdir -p "$0" && mount -t tmpfs -o size=2m none "$0" && exec "$@"'


def options(**keys):
    return dbus.Dictionary(keys, signature="sv")


def adapters(s):
    return s.interface("Adapters1")


def state_of(s, name):
    return next((a for a in adapters(s).List(NONE) if a["name"] == name), None)


def files_of(s):
    path = os.path.join(s.home, "d/assistantd/adapters")
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def concise():
    return lora.read(os.path.join(harness.SOURCE, "examples/tiny/tone-concise.gguf"))


def bring(s, name, files=None, **more):
    names = files or {"adapter.gguf": concise()}
    opened = []
    for data in names.values():
        f = tempfile.TemporaryFile()
        f.write(data)
        f.flush()
        opened.append(f)
    descriptors = dbus.Dictionary({n: dbus.types.UnixFd(f) for n, f in zip(names, opened)},
                                  signature="sh")
    keys = dict({"name": name, "task": "tone", "style": name, "commit": True}, **more)
    try:
        return adapters(s).Import(descriptors, options(**keys), timeout=harness.PATIENCE)
    finally:
        for f in opened:
            f.close()


def proven(s):
    wait_for(lambda: all(a["proof"] == "good" for a in adapters(s).List(NONE)), "the proofs")


def still_serves(s):
    assert s.run("tone", "Send me the report.", adapter="tone-friendly")[0]


def sandboxed_callers_may_ask_and_no_more():
    def call(*arguments):
        return subprocess.run([*flatpak.WRAPPER, "gdbus", "call",
                               "--session", "--dest", harness.NAME, "--object-path",
                               harness.PATH, "--method", *arguments], capture_output=True,
                              text=True, timeout=harness.PATIENCE, check=False)
    if not flatpak.available():
        return
    with Service() as s:
        s.ready()
        name = "org.assistantd.Adapters1."
        for method in ("List", "Explain", "Versions"):
            arguments = ["{}"] if method == "List" else ["tone-concise", "{}"]
            out = call(name + method, *arguments)
            assert out.returncode == 0 and out.stdout.startswith("("), (method, out)
        before = files_of(s)
        for method, *arguments in (
                ("Load", "tone-concise", "{}"), ("Unload", "tone-concise", "{}"),
                ("Pin", "tone-concise", "true", "{}"), ("Enable", "tone-concise", "false", "{}"),
                ("SetBudget", "uint64 100000", "{}"), ("Commit", "tone-concise", "{}"),
                ("Rollback", "tone-concise", "{}"), ("Remove", "tone-concise", "{}"),
                ("Test", "tone-concise", "{}")):
            out = call(name + method, *arguments)
            assert out.returncode != 0 and DENIED in out.stderr, (method, out)
        assert files_of(s) == before and state_of(s, "tone-concise")["enabled"]


def a_full_disk_is_told():
    home = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    data = os.path.join(home, "d")
    wrapper = ("unshare", "-m", "sh", "-c", FULL, data)
    if os.geteuid() != 0 or subprocess.run([*wrapper, "true"], capture_output=True,
                                           check=False).returncode:
        print("   left out: no mount namespaces here")
        return
    with Service(home=home, wrapper=wrapper) as s:
        s.ready()

        def files():
            return os.listdir(f"/proc/{s.process.pid}/root{data}/assistantd/adapters")
        first, _ = bring(s, "one")
        message = fails(LIMITS, bring, s, "two")
        assert os.strerror(28) in message, message
        assert state_of(s, "one")["digest"] == first and not state_of(s, "two")
        assert sorted(files()) == sorted([f"{first}.gguf", "catalog.yaml"]), files()
        assert s.run("tone", "Send me the report.", adapter="one")[0]
        adapters(s).Remove("one", NONE)
        wait_for(lambda: files() == ["catalog.yaml"], "room")
        bring(s, "two")
    shutil.rmtree(home)


def an_end_in_the_middle_leaves_what_was():
    """The service is killed at any moment of imports: the next one has all of the old or all of
    the new, and no file that nothing lists."""
    home = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    numbers = random.Random(4)
    known = set()
    for n in range(4):
        with Service(home=home) as s:
            s.ready()
            s.ends_with = -signal.SIGKILL
            listed = {str(a["name"]) for a in adapters(s).List(NONE) if a["own"]}
            # What was told to be in service still is.
            assert known <= listed, (known, listed)
            wait_for(lambda: len(files_of(s)) == len(listed) + bool(listed),
                     "no other files")
            proven(s)
            bring(s, f"a{n}")
            known.add(f"a{n}")
            killer = threading.Timer(numbers.uniform(0, 1), s.process.kill)
            killer.start()
            try:
                for k in range(3):
                    bring(s, f"a{n}-{k}")
                    known.add(f"a{n}-{k}")
            except dbus.DBusException as error:
                assert "NoReply" in error.get_dbus_name() or \
                    "ServiceUnknown" in error.get_dbus_name(), error
            killer.join()
            s.process.wait()
    print(f"   {len(known)} imports were told")
    shutil.rmtree(home)


def the_workshop_may_end():
    """What looks at an adapter ends: the caller is told, and the next one gets another."""
    with Service() as s:
        s.ready()
        proven(s)

        def workshop():
            out = subprocess.run(["ps", "--ppid", str(s.process.pid), "-o", "pid=,args="],
                                 capture_output=True, text=True, check=True).stdout
            return [int(line.split()[0]) for line in out.splitlines() if "workshop" in line]
        stop = threading.Event()

        def kill():
            while not stop.is_set():
                for pid in workshop():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                time.sleep(0.005)
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            bring(s, "one")
            raise AssertionError("imported by nobody")
        except dbus.DBusException as error:
            assert error.get_dbus_name() in (INVALID, ERROR + "Internal"), error
        finally:
            stop.set()
            killer.join()
        still_serves(s)
        bring(s, "one")
        assert s.run("tone", "Send me the report.", adapter="one")[0]


def a_second_start_proves_nothing():
    home = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    with Service(home=home) as s:
        s.ready()
        proven(s)
        adapters(s).Pin("tone-concise", True, NONE)
    with Service(home=home) as s:
        s.ready()
        assert {str(a["proof"]) for a in adapters(s).List(NONE)} == {"good"}
        wait_for(lambda: state_of(s, "tone-concise")["state"] == 4, "the pinned adapter")
        children = subprocess.run(["ps", "--ppid", str(s.process.pid), "-o", "args="],
                                  capture_output=True, text=True, check=True).stdout
        assert "workshop" not in children, children
    shutil.rmtree(home)


def peft_folder():
    """Every down projection of the embedded model, by a little."""
    numbers = random.Random(1)
    tensors, data = {}, b""
    for layer in range(8):
        for half, shape in (("A", (4, 896)), ("B", (320, 4))):
            name = f"base_model.model.model.layers.{layer}.mlp.down_proj.lora_{half}.weight"
            n = shape[0] * shape[1]
            values = struct.pack(f"<{n}f", *(numbers.gauss(0, 0.05) for _ in range(n)))
            tensors[name] = {"dtype": "F32", "shape": list(shape),
                             "data_offsets": [len(data), len(data) + len(values)]}
            data += values
    header = json.dumps(tensors).encode()
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["down_proj"],
              "bias": "none", "task_type": "CAUSAL_LM"}
    return {"adapter_config.json": json.dumps(config).encode(),
            "adapter_model.safetensors": struct.pack("<Q", len(header)) + header + data}


def a_peft_folder_is_imported():
    with Service() as s:
        s.ready()
        files = peft_folder()
        _, facts = bring(s, "tuned", files)
        assert facts["rank"] == 4 and facts["matrices"] == 8 and facts["verdict"] == "good"
        assert s.run("tone", "Send me the report.", adapter="tuned")[0]
        for change, what in (({"use_dora": True}, "use_dora"),
                             ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
                             ({"bias": "all"}, "bias")):
            config = dict(json.loads(files["adapter_config.json"]), **change)
            message = fails(INVALID, bring, s, "tuned", dict(
                files, **{"adapter_config.json": json.dumps(config).encode()}))
            assert what in message, message
        message = fails(INVALID, bring, s, "tuned",
                        {"adapter_config.json": files["adapter_config.json"]})
        print("  ", message)
        # From the folder itself, by hand.
        folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
        for name, data in files.items():
            lora.write(os.path.join(folder, name), data)
        ctl = os.path.join(harness.BUILD, "assistantctl")
        out = subprocess.run([ctl, "adapter", "import", folder, "--name", "by-hand", "--task",
                              "tone"], capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
        assert out.returncode == 0 and "in service by-hand" in out.stdout, out
        print(out.stdout)
        for words, status, says in ((("info", "by-hand"), 0, "in memory|on disk"),
                                    (("list",), 0, "  1 use\n"),
                                    (("explain", "by-hand"), 0, "serves with this model"),
                                    (("versions", "by-hand"), 0, "active"),
                                    (("test", "by-hand"), 0, "good"),
                                    (("disable", "by-hand"), 0, ""),
                                    (("explain", "by-hand"), 0, "it is disabled"),
                                    (("rollback", "by-hand"), 1, ""),
                                    (("rm", "by-hand"), 0, ""),
                                    (("info", "by-hand"), 1, ""),
                                    (("info", folder), 2, "")):
            out = subprocess.run([ctl, "adapter", *words], capture_output=True, text=True,
                                 timeout=harness.PATIENCE, check=False)
            found = any(part in out.stdout for part in says.split("|"))
            assert out.returncode == status and found, (words, out)
        shutil.rmtree(folder)


def signatures_prove_where_it_is_from():
    if not shutil.which("minisign"):
        print("   left out: minisign is not installed")
        return
    folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    for name in ("maker", "other"):
        subprocess.run(["minisign", "-GW", "-p", f"{folder}/{name}.pub", "-s",
                        f"{folder}/{name}.key"], check=True, capture_output=True)

    def signed(package, key):
        lora.write(f"{folder}/p.gguf", package)
        subprocess.run(["minisign", "-SW", "-s", f"{folder}/{key}.key", "-m",
                        f"{folder}/p.gguf"], check=True, capture_output=True)
        if os.path.exists(f"{folder}/signed.gguf"):
            os.unlink(f"{folder}/signed.gguf")
        lora.engine("package", f"{folder}/p.gguf", "--signature", f"{folder}/p.gguf.minisig",
                    "--out", f"{folder}/signed.gguf")
        return lora.read(f"{folder}/signed.gguf")

    def stage(s, data, method="Stage"):
        with tempfile.TemporaryFile() as f:
            f.write(data)
            f.flush()
            return adapters(s).get_dbus_method(method)(dbus.types.UnixFd(f), NONE, timeout=harness.PATIENCE)
    with Service() as s:
        s.ready()
        digest, _ = bring(s, "note")
        package = lora.read(os.path.join(s.home, "d/assistantd/adapters", f"{digest}.gguf"))
        digest, facts = stage(s, signed(package, "maker"))
        assert facts["signature"] == "unknown key" and facts["key_id"], dict(facts)
    config = f"adapters:\n  trusted_keys: [{folder}/maker.pub]\n  require_signature: true\n"
    with Service(config) as s:
        s.ready()
        digest, facts = stage(s, signed(package, "maker"))
        assert facts["signature"] == facts["key_id"] and len(facts["key_id"]) == 16
        adapters(s).Commit("note", NONE)
        assert s.run("tone", "Send me the report.", adapter="note")[0]
        assert state_of(s, "note")["signature"] == facts["key_id"]
        for data in (package, signed(package, "other")):
            assert "SIG" in fails(ERROR + "AdapterMismatch", stage, s, data)
        good = signed(package, "maker")
        for at in (len(package) // 2, len(package) + 60):
            bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
            assert "SIG" in fails(ERROR + "AdapterMismatch", stage, s, bad)
        assert state_of(s, "note")["digest"] == digest
        # What came with the program needs none.
        still_serves(s)
        # A key that is lost is named, and nothing is taken for unsigned for that.
        os.rename(f"{folder}/maker.pub", f"{folder}/lost.pub")
        for method in ("Stage", "Inspect"):
            assert f"trusted_keys: {folder}/maker.pub: No such file" in \
                fails(ERROR + "Internal", stage, s, good, method)
        os.rename(f"{folder}/lost.pub", f"{folder}/maker.pub")
        assert stage(s, good)[1]["signature"] == facts["key_id"]
    shutil.rmtree(folder)


harness.main_apart([
    sandboxed_callers_may_ask_and_no_more, a_full_disk_is_told,
    an_end_in_the_middle_leaves_what_was, the_workshop_may_end, a_second_start_proves_nothing,
    a_peft_folder_is_imported, signatures_prove_where_it_is_from,
])
