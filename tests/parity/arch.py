#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logits of small random models against the reference: every kernel, 1 and 4 threads."""
import os

import parity

TOLERANCE = 1e-3    # of the reference row's standard deviation

path = parity.folder("arch")


def check(case):
    arguments = [os.path.join(path, case["model"]), "--tokens", os.path.join(path, case["tokens"])]
    for adapter in case["adapters"]:
        arguments += ["--lora", "%s:%s" % (os.path.join(path, adapter["file"]), adapter["scale"])]
    seen = set()
    for mask in parity.MASKS.values():
        for threads in ("1", "4"):
            ours = parity.logits(*arguments, mask=mask, threads=threads)
            parity.compare_rows(case, path, ours, TOLERANCE)
            seen.add(ours.tobytes())
    assert len(seen) == 1, "kernels or thread counts differ in bits"


parity.run((case["case"], lambda case=case: check(case))
           for case in parity.cases(path))
