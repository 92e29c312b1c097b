#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One model in each weight type: what its rows mean, and its logits."""
import math
import os
import tempfile

import parity

TOLERANCE = 0.02    # relative L2: the reference rounds activations to 8 bits too
TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0")

path = parity.folder("quant")


def check_rows(case):
    wanted = case["dequant"]
    reference = parity.floats(os.path.join(path, wanted["file"]))
    with tempfile.NamedTemporaryFile(suffix=".f32") as out:
        parity.engine("logits", os.path.join(path, case["model"]), "--rows", wanted["tensor"],
                      "--out", out.name)
        ours = parity.floats(out.name)
    first, last = wanted["rows"]
    ours = ours[first * wanted["cols"]:(last + 1) * wanted["cols"]]
    assert len(ours) == len(reference), "%d values" % len(ours)
    assert ours.tobytes() == reference.tobytes(), "the dequantised rows differ"


def check_logits(case):
    reference = parity.floats(os.path.join(path, case["logits"]))
    n = case["n_vocab"]
    seen = set()
    for mask in parity.MASKS.values():
        for threads in ("1", "4"):
            ours = parity.logits(os.path.join(path, case["model"]), "--tokens",
                                 os.path.join(path, case["tokens"]), mask=mask, threads=threads)
            seen.add(ours.tobytes())
            for i, position in enumerate(case["positions"]):
                want = reference[i * n:(i + 1) * n]
                row = ours[position * n:(position + 1) * n]
                error = math.dist(row, want) / math.hypot(*want)
                assert error <= TOLERANCE, "position %d: %.4f" % (position, error)
    assert len(seen) == 1, "kernels or thread counts differ in bits"


def check(case):
    check_rows(case)
    check_logits(case)


parity.run((case["type"], lambda case=case: check(case))
           for case in parity.cases(path) if case["type"] in TYPES)
