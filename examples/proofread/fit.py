# SPDX-License-Identifier: MIT
"""fit.py BUILD MODEL HELD [YAML]: fits what a change must gain, for each kind of changes.

BUILD has the programs, MODEL is the base that chooses, HELD the folder with held-mistakes.jsonl and
held-text.jsonl, which the recipe of examples/tiny keeps from training. Fitted on are every fifth of
its pairs, and sentences of its texts, seeded with mistakes or not; the numbers are written into
YAML (en.yaml beside this file).
"""
import json
import os
import random
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "tiny", "recipe"))
import grammar  # noqa: E402
import measure  # noqa: E402

DICTIONARIES = "/usr/share/hunspell"
# What a wrong change costs, where a right one is worth 1; and one of a wrong word to another.
HARM, VAIN = 2, 0.3
# Where nearly nothing right was seen of a kind, what it needs stays as it is.
ENOUGH = 4
# What the list of usages calls wrong is wrong in any sentence: the model only picks the way. What
# takes a word for a slip has to leave names alone, of which these sentences have too few.
SET = {"usage", "spelling", "letter", "far", "name", "rare"}
THREADS = str(min(os.cpu_count() or 1, 4))
SMALL = "a an the to of in at for".split()


def rows(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def seeded(rng, right):
    """Most have a mistake or two of those that people make; some a small word too few, or too many."""
    kind, words = rng.random(), right.split()
    places = [i for i, w in enumerate(words) if i and w in SMALL]
    if kind < 0.3:
        return right
    if kind < 0.4 and places:
        del words[rng.choice(places)]
    elif kind < 0.45:
        words.insert(rng.randrange(1, len(words)), rng.choice(SMALL))
    else:
        return grammar.seed(rng, right, rng.choice((1, 1, 2)))
    return " ".join(words)


def more_pairs(held, seen, n):
    rng = random.Random(5)
    out = []
    for row in rows(os.path.join(held, "held-text.jsonl")):
        text = row.get("text") or row.get("completion", "")
        found = [s for s in re.split(r"(?<=[.?!])\s+", text.replace("\n", " ")) if s not in seen and
                 4 < len(s.split()) < 25 and s[0].isupper() and s[-1] in ".?" and s.isascii()]
        for right in rng.sample(found, min(n // 4, len(found))):
            out.append({"prompt": seeded(rng, right), "completion": right})
    rng.shuffle(out)
    return out[:n]


def propose(build, texts):
    lines = "".join(json.dumps({"text": t}) + "\n" for t in texts)
    run = subprocess.run([os.path.join(build, "tests/tiny/suggestions"), os.path.join(HERE, ".."),
                          DICTIONARIES], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def score(build, model, proposed):
    lines = "".join(json.dumps({"texts": p["texts"]}) + "\n" for p in proposed)
    run = subprocess.run([os.path.join(build, "assistant-engine"), "score", model, "--threads", THREADS],
                         input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["scores"] for line in run.stdout.splitlines()]


def applied(text, c):
    """Offsets are of bytes."""
    raw = text.encode()
    return (raw[:c[0]] + c[2].encode() + raw[c[0] + c[1]:]).decode()


def wrong_words(right, text):
    return sum(max(e - s, y - x) for s, e, x, y in measure.gaps(right, measure.tokens(text)))


class Case:
    """A sentence with its suggestions: what each gains, and what it would be worth."""

    def __init__(self, pair, proposed, scores):
        self.text, self.right = proposed["text"], pair["completion"]
        right = measure.tokens(self.right)
        before = wrong_words(right, self.text)
        self.items = []
        for c, w, o in zip(proposed["suggestions"], proposed["with"], proposed["without"]):
            if scores[w] is None or scores[o] is None or scores[w] - scores[o] < -12:
                continue
            after = wrong_words(right, applied(self.text, c))
            worth = 1 if after < before else -HARM if after > before else -VAIN
            self.items.append((c, scores[w] - scores[o] - c[4], worth))

    def choose(self, needs):
        found = sorted(((gain - needs[c[3]], i) for i, (c, gain, _) in enumerate(self.items)
                        if gain > needs[c[3]]), key=lambda x: (-x[0], x[1]))
        taken = []
        for _, i in found:
            c = self.items[i][0]
            if not any(collide(c, self.items[k][0]) for k in taken):
                taken.append(i)
        return taken

    def worth(self, needs):
        return sum(self.items[i][2] for i in self.choose(needs))

    def result(self, needs):
        text = self.text
        for c in sorted((self.items[i][0] for i in self.choose(needs)), reverse=True):
            text = applied(text, c)
        return text


def collide(a, b):
    return a[0] <= b[0] + b[1] and b[0] <= a[0] + a[1] and (
        a[0] == b[0] or max(a[0], b[0]) < min(a[0] + a[1], b[0] + b[1]))


def fit(cases, needs):
    """One kind after the other, until nothing is won any more."""
    needs = dict(needs)
    by_kind = {k: [c for c in cases if any(i[0][3] == k for i in c.items)] for k in needs}
    for _ in range(4):
        before = dict(needs)
        for kind in (k for k in needs if k not in SET):
            steps = [x / 2 for x in range(-12, 25)]
            worths = []
            for step in steps:
                trial = {**needs, kind: step}
                worths.append(sum(c.worth(trial) for c in by_kind[kind]))
            # The middle of the best ones: its neighbours are good, too.
            best = max(worths)
            good = [s for s, w in zip(steps, worths) if w >= best - 0.3]
            right = sum(i[2] > 0 for c in by_kind[kind] for i in c.items if i[0][3] == kind)
            if right >= ENOUGH:
                needs[kind] = sum(good) / len(good)
        if needs == before:
            break
    return needs


def read_needs(path):
    with open(path, encoding="utf-8") as f:
        return {k: float(v) for k, v in re.findall(r"^  (\w+): (-?[\d.]+)$", f.read(), re.M)}


def write_needs(path, needs):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for kind, need in needs.items():
        text = re.sub(rf"^  {kind}: -?[\d.]+$", f"  {kind}: {need:.1f}", text, flags=re.M)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def report(name, cases, pairs, needs):
    c = measure.Corrections()
    for case, pair in zip(cases, pairs):
        c.add(pair["prompt"], pair["completion"], case.result(needs))
    print(f"{name:24} repaired %.1f  kept %.2f  clean %.1f  wrong %.1f" % c.shares())


def cases_of(build, model, pairs):
    proposed = propose(build, [p["prompt"] for p in pairs])
    return [Case(*x) for x in zip(pairs, proposed, score(build, model, proposed))]


def chosen(build, model, pairs, path=os.path.join(HERE, "en.yaml")):
    """What becomes of the pairs' sentences, by the thresholds that are set."""
    needs = read_needs(path)
    return [c.result(needs) for c in cases_of(build, model, pairs)]


def main(build, model, held, path=os.path.join(HERE, "en.yaml")):
    pairs = rows(os.path.join(held, "held-mistakes.jsonl"))
    extra = more_pairs(held, {p["completion"] for p in pairs}, 800)
    cases, more = cases_of(build, model, pairs), cases_of(build, model, extra)
    needs = fit(cases[::5] + more, read_needs(path))
    print(needs)
    for name, its, of in (("fitted on", cases[::5] + more, pairs[::5] + extra),
                          ("others", [c for i, c in enumerate(cases) if i % 5],
                           [p for i, p in enumerate(pairs) if i % 5])):
        report(name, its, of, needs)
    write_needs(path, needs)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
