#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adapters of the reference written as PEFT saves them, imported: the reference's logits."""
import json
import os
import struct
import tempfile

import parity

TOLERANCE = 1e-3    # of the reference row's standard deviation
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
MODULES = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
           "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
           "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}

path = parity.folder("arch")


class Gguf:
    """Keys and float32 or float16 tensors of a file."""

    def __init__(self, name):
        with open(name, "rb") as f:
            self.data = f.read()
        self.at = 8
        n_tensors, n_keys = self.take("QQ")
        self.keys = {}
        for _ in range(n_keys):
            key = self.string()
            self.keys[key] = self.value(self.take("I")[0])
        tensors = []
        for _ in range(n_tensors):
            tensor = self.string()
            ne = self.take("%dQ" % self.take("I")[0])
            tensors.append((tensor, ne, *self.take("IQ")))
        start = -(-self.at // 32) * 32
        self.tensors = {}
        for tensor, ne, kind, offset in tensors:
            count = ne[0] * ne[1] if len(ne) > 1 else ne[0]
            values = struct.unpack_from("<%d%s" % (count, {0: "f", 1: "e"}[kind]), self.data,
                                        start + offset)
            self.tensors[tensor] = (ne, values)

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def string(self):
        n, = self.take("Q")
        self.at += n
        return self.data[self.at - n:self.at].decode("utf-8")

    def value(self, kind):
        if kind == 8:
            return self.string()
        if kind == 9:
            element, n = self.take("IQ")
            return [self.value(element) for _ in range(n)]
        return self.take(SCALARS[kind])[0]


def checkpoint_rows(rows, width, heads):
    """Rows of queries or keys of a GGUF file in the order of the checkpoint: the converter's
    reshape(heads, 2, width / 2).swapaxes(1, 2), undone."""
    out = []
    for head in range(heads):
        mine = rows[head * width:(head + 1) * width]
        out += mine[0::2] + mine[1::2]
    return out


def module_of(tensor):
    parts = tensor.split(".")
    if parts[0] == "blk":
        return "model.layers.%s.%s" % (parts[1], MODULES[parts[2]])
    return {"output": "lm_head"}[parts[0]]


def write_folder(folder, base, lora, scale):
    """Returns nothing; the folder has the config and the weights."""
    width = base.keys.get("llama.attention.key_length") or \
        base.keys["llama.embedding_length"] // base.keys["llama.attention.head_count"]
    header, data, targets, ranks = {}, b"", set(), set()
    for tensor, (ne, values) in lora.tensors.items():
        name, half = tensor.rsplit(".weight.", 1)
        rows = [values[i * ne[0]:(i + 1) * ne[0]] for i in range(ne[1])]
        if half == "lora_b" and name.endswith((".attn_q", ".attn_k")):
            rows = checkpoint_rows(rows, width, ne[1] // width)
        if half == "lora_a":
            ranks.add(ne[1])
        module = module_of(name)
        targets.add(module.split(".")[-1])
        raw = b"".join(struct.pack("<%df" % ne[0], *row) for row in rows)
        header["base_model.model.%s.lora_%s.weight" % (module, half[-1].upper())] = {
            "dtype": "F32", "shape": [ne[1], ne[0]], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    header["__metadata__"] = {"format": "pt"}
    rank, = ranks
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "bias": "none",
              "lora_alpha": lora.keys["adapter.lora.alpha"] * scale, "lora_dropout": 0.05,
              "target_modules": sorted(targets), "init_lora_weights": True, "use_dora": False,
              "rank_pattern": {}, "alpha_pattern": {}, "modules_to_save": None,
              "layers_to_transform": layers_of(header, base), "fan_in_fan_out": False}
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "adapter_model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)
    with open(os.path.join(folder, "adapter_config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)


def layers_of(header, base):
    found = sorted({int(name.split(".")[4]) for name in header if ".layers." in name})
    return None if len(found) == base.keys["llama.block_count"] else found


def check(case, together):
    """The scale is the folder's alpha, or, with @together, that of the request."""
    base = Gguf(os.path.join(path, case["model"]))
    arguments = [os.path.join(path, case["model"]), "--tokens", os.path.join(path, case["tokens"])]
    with tempfile.TemporaryDirectory() as top:
        for number, adapter in enumerate(case["adapters"]):
            folder = os.path.join(top, str(number))
            imported = folder + ".gguf"
            os.mkdir(folder)
            write_folder(folder, base, Gguf(os.path.join(path, adapter["file"])),
                         1.0 if together else adapter["scale"])
            parity.engine("import", arguments[0], folder, "--out", imported)
            arguments += ["--lora", "%s:%s" % (imported, adapter["scale"] if together else 1.0)]
        ours = parity.logits(*arguments, mask="3", threads="4")
        parity.compare_rows(case, path, ours, TOLERANCE)


parity.run(("%s, %s" % (case["case"], "scale of the request" if together else "scale in alpha"),
            lambda case=case, together=together: check(case, together))
           for case in parity.cases(path) if case["adapters"] for together in (True, False))
