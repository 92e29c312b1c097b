#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The verb inspect: a summary and 0, or one line on stderr and 1, for whatever it is given."""
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

ENGINE = os.path.join(os.environ.get("builddir", "."), "assistant-engine")


def text(s):
    return struct.pack("<Q", len(s)) + s


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def model(pairs, infos=(), data=b""):
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pairs)
    head += b"".join(infos)
    return head + (b"\0" * (-len(head) % 32) if infos else b"") + data


ARCHITECTURE = pair(b"general.architecture", 8, text(b"llama"))
GOOD = model(
    [ARCHITECTURE, pair(b"general.name", 8, text("Größe \x9b[2J".encode())),
     pair(b"llama.block_count", 4, struct.pack("<I", 2)),
     pair(b"llama.context_length", 4, struct.pack("<I", 512)),
     pair(b"tokenizer.ggml.model", 8, text(b"gpt2")),
     pair(b"tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text(b"a") + text(b"b")),
     pair(b"tokenizer.chat_template", 8, text(b"{{ x }}")),
     pair(b"tokenizer.chat_template.tool", 8, text(b"{{ y }}"))],
    [text(b"a.weight") + struct.pack("<IQQIQ", 2, 32, 2, 8, 0),
     text(b"b.weight") + struct.pack("<IQIQ", 1, 8, 0, 96)],
    bytes(68) + bytes(28) + bytes(32))


# As base_model/identity.h describes them.
DIGESTS = {
    "weights_digest":
        text(b"a.weight") + struct.pack("<I4QQ", 8, 32, 2, 1, 1, 68) + bytes(68) +
        text(b"b.weight") + struct.pack("<I4QQ", 0, 8, 1, 1, 1, 32) + bytes(32),
    "tokenizer_digest":
        text(b"tokenizer.ggml.model") + struct.pack("<I", 8) + text(b"gpt2") +
        text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"b"),
    "template_digest": b"{{ x }}",
}


def inspect(*args):
    return subprocess.run([ENGINE, "inspect", *args], capture_output=True, timeout=300)


def check(condition, *what):
    if not condition:
        print("FAIL:", *what)
        sys.exit(1)


def check_refused(path, field, word):
    run = inspect(path)
    lines = run.stderr.decode("ascii").splitlines()
    check(run.returncode == 1, path, "status", run.returncode)
    check(run.stdout == b"", path, "wrote", run.stdout)
    check(len(lines) == 1, path, "lines", lines)
    check(lines[0].startswith(f"error: {path}: {field}: "), lines)
    check(word in lines[0], lines, "lacks", word)


def check_summary(path):
    run = inspect(path, "--json")
    check(run.returncode == 0 and run.stderr == b"", run)
    got = json.loads(run.stdout)
    expected = {"general.architecture": "llama", "llama.block_count": 2, "tokens": 2,
                "llama.context_length": 512, "tokenizer.ggml.model": "gpt2", "tensors": 2,
                "weights": 72, "weight_types": {"Q8_0": 1, "F32": 1}, "bytes": len(GOOD)}
    for key, value in expected.items():
        check(got.get(key) == value, key, got.get(key), "expected", value)
    for key, content in DIGESTS.items():
        check(got[key] == hashlib.sha256(content).hexdigest(), key, got[key])
    check(got["general.name"].startswith("Größe"), got)
    run = inspect(path)
    check(run.returncode == 0, run)
    # Whatever the file says, a terminal gets ASCII.
    lines = run.stdout.decode("ascii").splitlines()
    check(any(line.split() == ["llama.block_count", "2"] for line in lines), lines)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.gguf")

        def write(data):
            with open(path, "wb") as f:
                f.write(data)

        write(GOOD)
        check_summary(path)
        write(model([ARCHITECTURE, pair(b"general.type", 8, text(b"adapter"))]))
        check("weights_digest" not in json.loads(inspect(path, "--json").stdout), "an adapter")
        write(model([ARCHITECTURE, pair(b"tokenizer.chat_template", 4, bytes(4))]))
        check_refused(path, "tokenizer.chat_template", "string")
        write(b"")
        check_refused(path, "file", "empty")
        write(b"PK\x03\x04 and more bytes of something else")
        check_refused(path, "magic", "GGUF")
        write(GOOD[:-40])
        check_refused(path, "b.weight", "88 bytes")
        write(GOOD + b"\0")
        check_refused(path, "data", "1 bytes")
        write(model([ARCHITECTURE, pair(b"a\x1b[2J", 0, b"\0")]))
        check_refused(path, "a\\x1b[2J", "control")
        write(model([pair(b"general.architecture", 4, b"\0\0\0\0")]))
        check_refused(path, "general.architecture", "string")
        check_refused(folder, "file", "regular")
        check_refused(os.path.join(folder, "absent"), "file", "No such file")
        check_refused("/dev/zero", "file", "regular")
        os.mkfifo(os.path.join(folder, "fifo"))
        check_refused(os.path.join(folder, "fifo"), "file", "regular")
        with open(path, "wb") as f:
            f.truncate(1 << 40)
        check_refused(path, "file", "larger")
        check(inspect().returncode == 64, "no argument")
        check(inspect(path, "--yaml").returncode == 64, "unknown option")


main()
