# SPDX-License-Identifier: MIT
"""Small GGUF files of adapters, for scripts that try the programs on them."""
import os
import struct
import sys

ENGINE = os.path.join(os.environ.get("builddir", "."), "assistant-engine")
BASE = os.path.join(os.environ.get("srcdir", "."), "examples", "tiny", "base.gguf")


def check(condition, *what):
    if not condition:
        print("FAIL:", *what)
        sys.exit(1)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def text(s):
    return struct.pack("<Q", len(s)) + s


def string(key, value):
    return text(key) + struct.pack("<I", 8) + text(value)


def strings(key, values):
    return (text(key) + struct.pack("<IIQ", 9, 8, len(values)) +
            b"".join(text(value) for value in values))


def lora_file(tensors, keys=(), alpha=1.0):
    """@tensors: names, two dimensions and the numbers of each, written as F32."""
    keys = [string(b"general.architecture", b"llama"), string(b"general.type", b"adapter"),
            string(b"adapter.type", b"lora"),
            text(b"adapter.lora.alpha") + struct.pack("<If", 6, alpha), *keys]
    infos, data = b"", b""
    for name, ne, values in tensors:
        infos += text(name) + struct.pack("<IQQIQ", 2, *ne, 0, len(data))
        data += struct.pack(f"<{len(values)}f", *values)
        data += bytes(-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + infos
    return head + bytes(-len(head) % 32) + data
