# SPDX-License-Identifier: MIT
"""Replies: what a message wants, and which of ten turns of a chat is the next one."""
import collections
import math
import os
import re

import bench
import prepare
import report

TITLE = "Replies"
BAD_NEWS = ("grief", "illness", "setback")
CASES, OTHERS, BEFORE = 300, 9, 3
# The lists that the service chose by before, and those of bad news; the first kind with most letters found.
WORDS = {
    "invitation": ("invite", "invited", "invitation", "join us", "come to", "party", "can you make it", "dinner"),
    "meeting": ("meeting", "meet", "appointment", "call", "schedule", "are you free", "available", "what time"),
    "thanks": ("thank you", "thanks", "appreciate", "grateful"),
    "apology": ("sorry", "apologize", "apologies", "my fault", "my mistake"),
    "problem": ("problem", "broken", "does not work", "doesn't work", "not working", "error", "failed", "wrong"),
    "request": ("could you", "can you", "please send", "would you", "please", "need you to", "i need", "send me"),
    "reminder": ("waiting for", "any news", "reminder", "not received", "yet"),
    "congratulation": ("congratulations", "happy birthday", "well done", "good luck", "best wishes"),
    "sharing": ("attached", "here is", "here are", "i sent", "you can find"),
    "absence": ("can't come", "won't be able", "cancel", "late"),
    "grief": ("died", "passed away", "funeral", "death"),
    "illness": ("sick", "ill", "hospital", "fever", "cold"),
    "setback": ("lost my job", "fired", "failed", "stolen", "broke up", "rejected", "bad news"),
    "question": ("?", "what", "when", "where", "who", "why", "how", "which"),
}


def by_words(text):
    def letters(words):
        return sum(len(w) for w in words if re.search(r"(?<!\w)" + re.escape(w) + r"(?!\w)", text.lower()))
    best = max(WORDS, key=lambda k: letters(WORDS[k]))
    return best if letters(WORDS[best]) else "other"


def kinds(b):
    lines = [line.split("|", 1) for line in b.lines(os.path.join(b.source, "tests", "eval", "replies.txt"))]
    want, texts = [k for k, _ in lines], [t for _, t in lines]
    results = b.run("reply", texts)
    got = [str(r.results["candidates"][0]["kind"]) for r in results]

    def row(name, found, source=""):
        return (name, 100 * sum(f == w for f, w in zip(found, want)) / len(want), source)
    common = collections.Counter(want).most_common(1)[0][0]
    rows = [row("always the most frequent", [common] * len(want)), row("words of a list", [by_words(t) for t in texts]),
            row("the service", got, bench.source_of(results))]
    bad = [w in BAD_NEWS for w in want]

    def told(found):
        as_bad = [f in BAD_NEWS for f in found]
        return (100 * sum(x and y for x, y in zip(as_bad, bad)) / sum(bad),
                100 * sum(x and not y for x, y in zip(as_bad, bad)) / (len(bad) - sum(bad)))
    news = [("words of a list", *told([by_words(t) for t in texts])), ("the service", *told(got))]
    answers = ["<br>".join(str(c["text"]) for c in r.results["candidates"]) for r in results]
    return (report.Table(f"what a message wants, of fifteen kinds; written by hand ({len(texts)})",
                         ("", "right", "source"), rows, "The replies are the kind's, filled with words of the message."),
            report.Table(f"bad news, and what is none ({sum(bad)} and {len(bad) - sum(bad)})",
                         ("", "answered as bad news", "other messages answered so"), news,
                         "Answered by sympathy alone; what is missed is answered as a message of another kind. Half of the bad "
                         "news had been measured before while the examples to learn from were made."),
            list(zip(texts, answers)))


def cases(b):
    """[(the turns before, ten turns of which the first comes next)] of chats that are held out."""
    talks = [t.split("\n") for t in prepare.split(b.root)[1][1]]
    turns = [t for talk in talks for t in talk if 12 < len(t) < 140]
    rng, found = b.rng("ten turns"), []
    for talk in talks:
        at = rng.randrange(1, len(talk)) if len(talk) > 5 else 0
        if at and 12 < len(talk[at]) < 140:
            found.append((talk[max(0, at - BEFORE):at], [talk[at]] + rng.sample(turns, OTHERS)))
    return found[:CASES], turns


def next_turns(b):
    """The base's choice: how much likelier a turn is behind the others than by itself."""
    found, turns = cases(b)
    words = [set(re.findall(r"[a-z']+", t.lower())) for t in turns]
    counts = collections.Counter(w for one in words for w in one)

    def overlap(case):
        before = set(re.findall(r"[a-z']+", " ".join(case[0]).lower()))
        return [sum(math.log(len(turns) / counts[w]) for w in before & set(re.findall(r"[a-z']+", t.lower()))
                    if counts[w]) for t in case[1]]
    behind = b.score([{"texts": ["\n".join(before + [t]) + "\n" for t in ten]} for before, ten in found])
    alone = b.score([{"texts": [t + "\n" for t in ten]} for _, ten in found])
    gains = [[x - y if x is not None else -math.inf for x, y in zip(p, q)] for p, q in zip(behind, alone)]
    shared = [overlap(c) for c in found]
    both = [[g + s for g, s in zip(one, two)] for one, two in zip(gains, shared)]

    def row(name, scores):
        return (name, 100 * sum(max(range(len(s)), key=s.__getitem__) == 0 for s in scores) / len(scores))
    rows = [("any", 100 / (OTHERS + 1)), row("words in common, rare ones counting more", shared),
            row("the base", gains), row("both", both)]
    return report.Table(f"the next turn of a chat among ten ({len(found)})", ("", "right"), rows,
                        "Self-dialogue, chats that are held out. No reply of the service is chosen by it.")


def run(b):
    table, news, pairs = kinds(b)
    yield table
    yield news
    yield next_turns(b)
    yield report.Examples("reply", b.first(pairs))
