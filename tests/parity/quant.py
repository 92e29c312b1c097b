#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One model in each weight type: what its rows mean, and its logits."""
import math
import os
import tempfile

import parity

# Relative L2 over all positions. The reference rounds activations to 8 bits as we do, but for
# the K types with one scale for 256 of them where we have one for 32: in Q2_K, whose logits
# differ most (1.8 %), it is 1.5 % off what the weights mean, and we are 1.0 %.
TOLERANCE = 0.02
POSITION = 0.021    # of each by itself, where few values are averaged

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
            compared = [value for position in case["positions"]
                        for value in ours[position * n:(position + 1) * n]]
            error = math.dist(compared, reference) / math.hypot(*reference)
            assert error <= TOLERANCE, "relative error %.4f" % error
            for i, position in enumerate(case["positions"]):
                want = reference[i * n:(i + 1) * n]
                error = math.dist(ours[position * n:(position + 1) * n], want) / math.hypot(*want)
                assert error <= POSITION, "position %d: %.4f" % (position, error)
    assert len(seen) == 1, "kernels or thread counts differ in bits"


def check(case):
    check_rows(case)
    check_logits(case)


parity.run((case["type"], lambda case=case: check(case))
           for case in parity.cases(path))
