#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logits of small random models against the reference: every kernel, 1 and 4 threads."""
import os
import statistics

import parity

TOLERANCE = 1e-3    # of the reference row's standard deviation

path = parity.folder("arch")


def compare(case, ours):
    reference = parity.floats(os.path.join(path, case["logits"]))
    n = case["n_vocab"]
    for i, position in enumerate(case["positions"]):
        row, want = ours[position * n:(position + 1) * n], reference[i * n:(i + 1) * n]
        assert len(row) == n, "position %d is missing" % position
        worst = max(abs(a - b) for a, b in zip(row, want))
        limit = TOLERANCE * statistics.pstdev(want)
        assert worst <= limit, "position %d: %g, at most %g" % (position, worst, limit)
        assert row.index(max(row)) == want.index(max(want)), "position %d: argmax" % position


def check(case):
    arguments = [os.path.join(path, case["model"]), "--tokens", os.path.join(path, case["tokens"])]
    for adapter in case["adapters"]:
        arguments += ["--lora", "%s:%s" % (os.path.join(path, adapter["file"]), adapter["scale"])]
    seen = set()
    for mask in parity.MASKS.values():
        for threads in ("1", "4"):
            ours = parity.logits(*arguments, mask=mask, threads=threads)
            compare(case, ours)
            seen.add(ours.tobytes())
    assert len(seen) == 1, "kernels or thread counts differ in bits"


parity.run((case["case"], lambda case=case: check(case))
           for case in parity.cases(path))
