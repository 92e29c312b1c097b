#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prompts of nine models' chat templates, byte for byte as Jinja2 renders them."""
import json
import os
import tempfile

import parity

path = parity.folder("chat")


def render(case):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as messages:
        json.dump(case["messages"], messages)
        messages.flush()
        return parity.engine("chat", os.path.join(path, case["template"]), messages.name,
                             "--bos", "<BOS>", "--eos", "<EOS>", "--date", "2026-01-02",
                             "--var", "enable_thinking=false").decode("utf-8")


def check(case):
    if case["prompt"] is None:
        try:
            prompt = render(case)
        except AssertionError:
            return
        raise AssertionError("the template refuses this conversation, we gave %r" % prompt)
    prompt = render(case)
    assert prompt == case["prompt"], "%r, expected %r" % (prompt, case["prompt"])


parity.run(("%s, %s" % (case["template"], case["conversation"]), lambda case=case: check(case))
           for case in parity.cases(path))
