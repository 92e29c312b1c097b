# SPDX-License-Identifier: MIT
"""bare.py FILE…: takes the manifest out of packages, in place.

What the adapters of the embedded model are for is said by the catalogue beside them.
"""
import os
import struct
import sys

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY, ALIGNMENT = 8, 9, 32
KEY = b"assistantd.manifest"


def number(data, at, form):
    return struct.unpack_from("<" + form, data, at)[0]


def after_string(data, at):
    return at + 8 + number(data, at, "Q")


def after_value(data, at, kind):
    if kind == STRING:
        return after_string(data, at)
    if kind != ARRAY:
        return at + SIZES[kind]
    kind, n = number(data, at, "I"), number(data, at + 4, "Q")
    at += 12
    for _ in range(n):
        at = after_value(data, at, kind)
    return at


def padded(n):
    return -(-n // ALIGNMENT) * ALIGNMENT


def without_manifest(data):
    """The file with all of its other keys (the format: ggml's docs/gguf.md, version 3)."""
    n_tensors, n_keys = number(data, 8, "Q"), number(data, 16, "Q")
    at, keys = 24, []
    for _ in range(n_keys):
        value = after_string(data, at)
        end = after_value(data, value + 4, number(data, value, "I"))
        if data[at + 8:value] != KEY:
            keys.append(data[at:end])
        at = end
    infos = at
    for _ in range(n_tensors):
        at = after_string(data, at)
        at += 4 + 8 * number(data, at, "I") + 4 + 8
    head = data[:16] + struct.pack("<Q", len(keys)) + b"".join(keys) + data[infos:at]
    return head + bytes(padded(len(head)) - len(head)) + data[padded(at):]


def main(paths):
    for path in paths:
        with open(path, "rb") as f:
            data = without_manifest(f.read())
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.rename(path + ".new", path)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
