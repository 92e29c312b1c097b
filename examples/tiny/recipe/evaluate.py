# SPDX-License-Identifier: MIT
"""evaluate.py BUILD MODELS WORK: measures the tiny model on text that it has not seen.

BUILD holds the programs, MODELS base.gguf and its adapters, WORK what prepare.py wrote.
"""
import collections
import json
import os
import re
import sys

import measure
import messages
import tones

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "..", "proofread"))
import fit  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz'"
ROW = "| {:36} | {:>8} | {:>7} | {:>6} | {:>6} |"


def rows(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def count_words(work):
    counts = collections.Counter()
    for name in ("novels", "talk", "messages"):
        for row in rows(os.path.join(work, name + ".jsonl")):
            counts.update(re.findall(r"[a-z]+(?:'[a-z]+)*", row["text"].lower()))
    return counts


def near(word):
    """Every spelling at one mistake's distance."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    out = {a + b[1:] for a, b in cuts if b}
    out |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    out |= {a + c + b[1:] for a, b in cuts if b for c in LETTERS}
    return out | {a + c + b for a, b in cuts for c in LETTERS}


def by_dictionary(counts, text):
    """Unknown words become the most frequent known one at distance one; a capital and a full stop
    where they are missing. What can be had without a model."""
    def fix(m):
        low = m.group().lower()
        if counts[low] >= 3 or len(low) < 3:
            return m.group()
        best = max(near(low), key=lambda w: counts[w])
        if counts[best] < 20:
            return m.group()
        return best.capitalize() if m.group()[0].isupper() else best

    text = re.sub(r"\bi\b", "I", re.sub(r"[A-Za-z]+(?:'[A-Za-z]+)*", fix, text))
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."


def judge(pairs, answers):
    c = measure.Corrections()
    for pair, answer in zip(pairs, answers):
        c.add(pair["prompt"], pair["completion"], answer)
    return c


def proofread(build, models, work, counts):
    engine, bound = (os.path.join(build, f) for f in ("assistant-engine", "tests/tiny/bound"))
    base, adapter = (os.path.join(models, f) for f in ("base.gguf", "proofread.gguf"))
    held = rows(os.path.join(work, "held-mistakes.jsonl"))
    sets = (("novels", held[:250]), ("chats", held[250:500]), ("messages", held[500:]),
            ("all held out", held), ("written by hand", rows(os.path.join(HERE, "mistakes.jsonl"))))
    for name, pairs in sets:
        texts = [p["prompt"] for p in pairs]
        answers = measure.complete(engine, base, adapter, texts, 2)
        zero = judge(pairs, texts)
        print(f"\n{name}: {len(pairs)} sentences, {zero.errors} mistakes, {zero.clean} without one\n")
        print(ROW.format("", "repaired", "kept", "clean", "wrong"))
        print("|" + " --- |" * 5)
        for how, result in (("doing nothing", texts),
                            ("dictionary", [by_dictionary(counts, t) for t in texts]),
                            ("base alone", measure.complete(engine, base, None, texts, 2)),
                            ("proofread", answers), ("proofread, as the service bounds it",
                             measure.bound(bound, texts, answers)),
                            ("much suggested, base chooses", fit.chosen(build, base, pairs))):
            print(ROW.format(how, *("%.1f" % s for s in judge(pairs, result).shares())))


def vocabulary(style):
    """The words that a register brings along by itself."""
    forms = [f for frame in messages.FRAMES.values() for f in frame[style]]
    forms += [f for several in tones.FORMS[style].values() for f in several]
    words = measure.content(" ".join(re.sub(r"\{\w+\}", " ", f)
                                     for f in forms + messages.GREETINGS[style]))
    return set(words)


def rewrites(style, cases, answers, formulas=frozenset()):
    """A case names the words to keep, or has an answer that shows them. @formulas: words that
    come along with the style, too."""
    r = measure.Rewrites(style, vocabulary(style) | formulas)
    for case, answer in zip(cases, answers):
        text, keep = case.get("prompt") or case["text"], case.get("keep")
        if keep is None:
            gold = set(measure.content(case["completion"]))
            keep = [w for w in measure.content(text) if w in gold]
        r.add(text, keep, answer)
    return r


def tone(build, models, work):
    engine = os.path.join(build, "assistant-engine")
    base = os.path.join(models, "base.gguf")
    row = "| {:14} | {:36} |" + " {:>6} |" * 6
    print()
    print(row.format("style", "messages", "kept", "intact", "inven.", "marked", "same", "length"))
    print("|" + " --- |" * 8)
    for style in messages.STYLES:
        adapter = os.path.join(models, f"tone-{style}.gguf")
        for name, path in (("held-out pieces", os.path.join(work, f"held-any-{style}.jsonl")),
                           ("written by hand", os.path.join(HERE, "everyday.jsonl"))):
            cases = rows(path)
            texts = [c.get("prompt") or c["text"] for c in cases]
            for how, answers in ((", doing nothing", texts), (f" ({len(cases)})", measure.complete(
                    engine, base, adapter, texts, 2))):
                s = rewrites(style, cases, answers).shares()
                print(row.format(style, name + how, *("%.1f" % x for x in s[:5]), "%.2f" % s[5]))


def main(build, models, work):
    proofread(build, models, work, count_words(work))
    tone(build, models, work)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
