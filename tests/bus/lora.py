# SPDX-License-Identifier: MIT
"""GGUF files of adapters, changed in one place: what a bad one may look like."""
import os
import struct
import subprocess

import harness

ENGINE = os.path.join(harness.BUILD, "assistant-engine")
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Lora:
    """The bytes of a file, and where its tensors are, which are F32 or F16."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.at = 8
        n_tensors, n_keys = self.take("<QQ")
        self.tensors = {}
        self.values = {}
        for _ in range(n_keys):
            key = self.string()
            kind, = self.take("<I")
            self.values[key] = self.at
            self.skip(kind)
        for _ in range(n_tensors):
            where = self.at
            name = self.string()
            n_dims, = self.take("<I")
            dims = self.take(f"<{n_dims}Q")
            kind, offset = self.take("<IQ")
            self.tensors[name] = (where, dims, offset, "fe"[kind])
        self.start = (self.at + 31) // 32 * 32

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def string(self):
        length, = self.take("<Q")
        self.at += length
        return bytes(self.data[self.at - length:self.at]).decode()

    def skip(self, kind):
        if kind == 8:
            self.string()
        elif kind == 9:
            of, n = self.take("<IQ")
            for _ in range(n):
                self.skip(of)
        else:
            self.at += SIZES[kind]

    def floats(self, name, change):
        """Replaces the numbers of a tensor by what @change makes of the list of them."""
        _, dims, offset, letter = self.tensors[name]
        form = f"<{dims[0] * dims[1]}{letter}"
        where = self.start + offset
        numbers = list(struct.unpack_from(form, self.data, where))
        struct.pack_into(form, self.data, where, *change(numbers, dims))

    def all(self, change, end=""):
        for name in self.tensors:
            if name.endswith(end):
                self.floats(name, change)
        return bytes(self.data)

    def renamed(self, old, new):
        """Every occurrence among the tensors' names, which keep their length."""
        assert len(old) == len(new)
        head = self.data[:self.start].replace(old.encode(), new.encode())
        return bytes(head + self.data[self.start:])

    def patched(self, where, form, *values):
        struct.pack_into(form, self.data, where, *values)
        return bytes(self.data)

    def dims_at(self, name):
        """Where the dimensions of the tensor stand."""
        return self.tensors[name][0] + 8 + len(name) + 4


def zeros(numbers, _dims):
    return [0.0] * len(numbers)


def transposed(numbers, dims):
    columns, rows = dims
    return [numbers[i % rows * columns + i // rows] for i in range(len(numbers))]


def engine(*arguments, folder=None):
    subprocess.run([ENGINE, *arguments], cwd=folder, check=True, capture_output=True)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)
    return path


def package(folder, lora, manifest):
    """The bytes of a package; those of one that its maker's tools would not make, too."""
    lora = write(os.path.join(folder, "lora.gguf"), lora)
    text = write(os.path.join(folder, "manifest.yaml"), manifest)
    out = os.path.join(folder, "package.gguf")
    if os.path.exists(out):
        os.unlink(out)
    engine("package", lora, "--manifest", text, "--out", out)
    return read(out)
