#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The verb import: a folder of PEFT for the embedded model, and a result without room."""
import json
import os
import resource
import struct
import subprocess
import tempfile

from gguf import BASE, ENGINE, check, read, write

WIDTH, RANK = 320, 2
MODULE = "model.layers.0.self_attn.q_proj"


def run(*args, limit=None):
    # Beyond the limit a write fails, as on a full disk, while the signal for it stays ignored.
    def little_room():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run([ENGINE, *args], capture_output=True, timeout=300,
                          preexec_fn=little_room, restore_signals=False)


def write_folder(folder):
    os.mkdir(folder)
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": 4, "target_modules": [MODULE]}
    write(os.path.join(folder, "adapter_config.json"), json.dumps(config).encode())
    header, data = {}, b""
    for half, shape in (("A", (RANK, WIDTH)), ("B", (WIDTH, RANK))):
        values = struct.pack(f"<{RANK * WIDTH}f", *([0.25] * (RANK * WIDTH)))
        header[f"base_model.model.{MODULE}.lora_{half}.weight"] = {
            "dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    write(os.path.join(folder, "adapter_model.safetensors"),
          struct.pack("<Q", len(text)) + text + data)


def main():
    with tempfile.TemporaryDirectory() as top:
        folder, out = os.path.join(top, "folder"), os.path.join(top, "adapter.gguf")
        write_folder(folder)
        good = run("import", BASE, folder, "--out", out)
        check(good.returncode == 0, good)
        used = run("generate", BASE, "--lora", out, "--prompt", "a", "--max", "1")
        check(used.returncode == 0, used)
        known = read(out)
        full = run("import", BASE, folder, "--out", out, limit=1000)
        check(full.returncode == 1 and b"File too large" in full.stderr, full)
        check(read(out) == known, "what was there")
        os.remove(os.path.join(folder, "adapter_config.json"))
        bad = run("import", BASE, folder, "--out", out)
        check(bad.returncode == 1 and b"adapter_config.json: missing" in bad.stderr, bad)
        check(read(out) == known and sorted(os.listdir(top)) == ["adapter.gguf", "folder"],
              os.listdir(top))


main()
