#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Token ids of every text of the reference's vocabularies, and the way back."""
import glob
import os

import parity

SEPARATOR = b"\n__ggml_vocab_test__\n"

path = parity.folder("tokenizers")


def read(name):
    with open(name, "rb") as f:
        return f.read()


def check(model):
    texts = read(model + ".inp").split(SEPARATOR)
    wanted = [line.split() for line in read(model + ".out").splitlines()]
    assert len(wanted) >= len(texts) - 1, "%d texts, %d lists" % (len(texts), len(wanted))
    # The file ends with a separator on some systems and without on others.
    for number, (text, ids) in enumerate(zip(texts, wanted)):
        ours = parity.engine("tokenize", model, stdin=text)
        assert ours.split() == ids, "text %d %r: %r, expected %r" % (number, text, ours, ids)
        back = parity.engine("detokenize", model, stdin=ours)
        assert back == text, "text %d comes back as %r, was %r" % (number, back, text)


parity.run((os.path.basename(model), lambda model=model: check(model))
           for model in sorted(glob.glob(os.path.join(path, "*.gguf"))))
