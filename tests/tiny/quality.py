# SPDX-License-Identifier: MIT
"""The shipped model does what its card says, on a few of the sentences held out from training.

The bounds lie well below what was measured, and far above what doing nothing reaches.
"""
import json
import os
import sys

SOURCE = os.path.abspath(os.environ["srcdir"])
TINY = os.path.join(SOURCE, "examples", "tiny")
HERE = os.path.join(SOURCE, "tests", "tiny")
ENGINE = os.path.join(os.environ["builddir"], "assistant-engine")
sys.dont_write_bytecode = True
sys.path[1:1] = [os.path.join(TINY, "recipe"), os.path.join(SOURCE, "examples", "proofread")]
import catalog  # noqa: E402
import evaluate  # noqa: E402
import fit  # noqa: E402
import measure  # noqa: E402

failures = 0


def expect(what, value, least):
    global failures
    ok = value >= least
    failures += not ok
    print(f"{'ok' if ok else 'NOT OK'}: {what}: {value:.1f}, at least {least}")


def cases(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def answers(adapter, texts):
    return measure.complete(ENGINE, os.path.join(TINY, "base.gguf"),
                            os.path.join(TINY, adapter + ".gguf"), texts)


def check_catalog():
    """It says of the files beside it what is so, and all fits into the size set for it."""
    with open(os.path.join(TINY, "catalog.yaml"), encoding="utf-8") as f:
        text = f.read()
    expect("the catalogue of these files", text == catalog.text(os.environ["builddir"], TINY),
           True)
    size = os.path.getsize(os.path.join(TINY, "base.gguf"))
    for name, *_ in catalog.ENTRIES:
        size += os.path.getsize(os.path.join(TINY, name + ".gguf"))
    expect("MB left of 30", 30 - size / 1e6, 0)


def check_proofread():
    pairs = cases("proofread.jsonl")
    texts = [p["prompt"] for p in pairs]
    bounded = measure.bound(os.path.join(os.environ["builddir"], "tests/tiny/bound"), texts,
                            answers("proofread", texts))
    repaired, kept, untouched, wrong = evaluate.judge(pairs, bounded).shares()
    expect("proofread: mistakes repaired, %", repaired, 35)
    expect("proofread: right words kept, %", kept, 95)
    expect("proofread: clean sentences untouched, %", untouched, 75)
    expect("proofread: wrong words fewer, %", 100 - wrong, 10)


def check_choosing():
    pairs = cases("proofread.jsonl")
    answers = fit.chosen(os.environ["builddir"], os.path.join(TINY, "base.gguf"), pairs)
    repaired, kept, untouched, wrong = evaluate.judge(pairs, answers).shares()
    expect("proofread by choosing: mistakes repaired, %", repaired, 60)
    expect("proofread by choosing: right words kept, %", kept, 99)
    expect("proofread by choosing: clean sentences untouched, %", untouched, 88)
    expect("proofread by choosing: wrong words fewer, %", 100 - wrong, 50)


def check_tone(style, intact, marked):
    pairs = cases(f"{style}.jsonl")
    texts = [p["prompt"] for p in pairs]
    result = evaluate.rewrites(style, pairs, answers(f"tone-{style}", texts)).shares()
    nothing = evaluate.rewrites(style, pairs, texts).shares()
    expect(f"{style}: messages with all of their content and no other, %", result[1], intact)
    expect(f"{style}: messages with the register's marks, %", result[3], marked)
    expect(f"{style}: more of them than before, points", result[3] - nothing[3], 25)
    expect(f"{style}: messages that are no longer the same, %", 100 - result[4], 80)


check_catalog()
check_proofread()
check_choosing()
for style, intact, marked in (("friendly", 60, 85), ("professional", 45, 85), ("concise", 65, 55)):
    check_tone(style, intact, marked)
sys.exit(failures > 0)
