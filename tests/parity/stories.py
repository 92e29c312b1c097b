#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real trained model's greedy text, word for word."""
import glob
import os

import parity

PROMPT = "Once upon a time"
TOKENS = "120"

path = parity.folder("stories260k")
model, = glob.glob(os.path.join(path, "*.gguf"))


def reference():
    with open(os.path.join(path, "REFERENCE.txt"), encoding="utf-8") as f:
        return f.read().split("\n", 1)[1]


def check(mask, threads):
    ours = parity.engine("generate", model, "--prompt", PROMPT, "--max", TOKENS, "--threads", threads,
                         mask=mask).decode("utf-8")
    want = reference().rstrip("\n")
    whole = (PROMPT + ours).rstrip("\n")
    # The reference counts the prompt's tokens among the 120, so ours go on from its end.
    assert whole.startswith(want), "%r, expected %r" % (whole, want)


parity.run(("%s, %s threads" % (name, threads),
            lambda mask=mask, threads=threads: check(mask, threads))
           for name, mask in parity.MASKS.items() for threads in ("1", "4"))
