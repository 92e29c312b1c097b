# SPDX-License-Identifier: MIT
"""evaluate.py ENGINE MODELS WORK: measures the tiny model on text that it has not seen.

MODELS holds base.gguf and its adapters, WORK what prepare.py wrote.
"""
import collections
import json
import os
import re
import sys

import measure
import messages

HERE = os.path.dirname(os.path.abspath(__file__))
LETTERS = "abcdefghijklmnopqrstuvwxyz'"
ROW = "| {:44} | {:>8} | {:>8} | {:>8} |"


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


def proofread(engine, models, work, counts):
    base, adapter = (os.path.join(models, f) for f in ("base.gguf", "proofread.gguf"))
    held = rows(os.path.join(work, "held-proofread.jsonl"))
    sets = (("novels", held[:200]), ("chats", held[200:300]), ("messages", held[300:]),
            ("all held out", held), ("written by hand", rows(os.path.join(HERE, "mistakes.jsonl"))))
    for name, pairs in sets:
        texts = [p["prompt"] for p in pairs]
        answers = measure.complete(engine, base, adapter, texts, 2)
        bounded = [a if measure.is_correction(t, a) else t for t, a in zip(texts, answers)]
        zero = judge(pairs, texts)
        print(f"\n{name}: {len(pairs)} sentences, {zero.errors} mistakes, {zero.clean} without one\n")
        print(ROW.format("", "repaired", "kept", "clean"))
        print("| --- | --- | --- | --- |")
        for how, result in (("doing nothing", texts),
                            ("dictionary", [by_dictionary(counts, t) for t in texts]),
                            ("base alone", measure.complete(engine, base, None, texts, 2)),
                            ("proofread", answers), ("proofread, as the service bounds it", bounded)):
            print(ROW.format(how, *("%.2f" % s for s in judge(pairs, result).shares())))


def vocabulary(style):
    """The words that a register brings along by itself."""
    forms = [f for frame in messages.FRAMES.values() for f in frame[style]]
    words = measure.content(" ".join(re.sub(r"\{\w+\}", " ", f)
                                     for f in forms + messages.GREETINGS[style]))
    return set(words)


def tone(engine, models, work):
    base = os.path.join(models, "base.gguf")
    row = "| {:14} | {:32} |" + " {:>6} |" * 6
    print()
    print(row.format("style", "messages", "kept", "intact", "inven.", "marked", "same", "length"))
    print("|" + " --- |" * 8)
    for style in messages.STYLES:
        adapter = os.path.join(models, f"tone-{style}.gguf")
        sets = [(name, rows(os.path.join(work, f"held-{key}-{style}.jsonl"))) for name, key in
                (("new things", "tone"), ("new kinds of message", "frames"))]
        sets.append(("written by hand", rows(os.path.join(HERE, "everyday.jsonl"))))
        for name, cases in sets:
            texts = [c.get("prompt") or c["text"] for c in cases]
            answers = measure.complete(engine, base, adapter, texts, 2)
            for how, result in (("doing nothing", texts), (None, answers)):
                r = measure.Rewrites(style, vocabulary(style))
                for case, text, answer in zip(cases, texts, result):
                    keep = case.get("keep")
                    if keep is None:
                        gold = set(measure.content(case["completion"]))
                        keep = [w for w in measure.content(text) if w in gold]
                    r.add(text, keep, answer)
                s = r.shares()
                print(row.format(style, f"{name}, {how}" if how else f"{name} ({len(cases)})",
                                 *("%.1f" % x for x in s[:5]), "%.2f" % s[5]))


def main(engine, models, work):
    proofread(engine, models, work, count_words(work))
    tone(engine, models, work)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
