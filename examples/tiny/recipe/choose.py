# SPDX-License-Identifier: MIT
"""Corrections that plain code proposes and a model chooses among, by how likely they make a sentence."""
import json
import re
import subprocess

import grammar

WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
# By how many nats a change must gain: an unknown word is wrong anyway, one that is rare beside
# its neighbour may be a mistake of others, any other word is seldom wrong, a verb's ending least.
UNKNOWN, RARE, KNOWN, ENDING = 0, 1, 3, 5
FORMS = {w: list(v) for w, v in grammar.SOUNDS.items()}
for have, other in grammar.OTHER.items():
    FORMS.setdefault(have, []).append(other)
for right, wrong in grammar.PARTICIPLES.items():
    FORMS.setdefault(wrong, []).append(right)
FORMS.update({"a": ["an"], "an": ["a"], "of": ["have"] + FORMS.get("of", [])})
PHRASES = {**{wrong: right for right, wrong in grammar.TOGETHER.items()},
           **{wrong: right for right, wrong in grammar.APART.items()}}


def like(word, new):
    return new[0].upper() + new[1:] if word[0].isupper() else new


def spellings(counts, near, word):
    """Known words at one mistake's distance, the frequent ones first."""
    low = word.lower()
    found = sorted((w for w in near(low) if counts[w] >= 5 and w != low), key=lambda w: -counts[w])
    return [like(word, w) for w in found[:6]]


def of_word(counts, near, text, m):
    """[(new word for @m, the gain that it needs)]"""
    word, low = m.group(), m.group().lower()
    if low in PHRASES:
        return [(like(word, PHRASES[low]), UNKNOWN)]
    if counts[low] < 20 and len(low) > 2 and not (word[0].isupper() and m.start()):
        found = spellings(counts, near, word)
        if counts[low] < 3:
            # What begins a sentence may be a name.
            return [(w, KNOWN if word[0].isupper() else UNKNOWN) for w in found]
        found = [(w, RARE) for w in found if counts[w.lower()] > 100 * counts[low]]
        if found:
            return found
    found = FORMS.get(low, []) + [w for w in (low[:-1] + "'" + low[-1:], low[:-2] + "'" + low[-2:])
                                  if len(low) > 2 and counts[w] >= 20]
    endings = [low[:-1]] if low[-1] == "s" and low[:-1] in grammar.fragments.VERBS else []
    endings += [low + "s"] if low in grammar.fragments.VERBS else []
    return [(like(word, w), KNOWN) for w in found] + [(like(word, w), ENDING) for w in endings]


def changes(counts, near, text):
    """[(from, to, new text, gain needed)]"""
    found = []
    last = None
    for m in WORD.finditer(text):
        if last and last.group().lower() == m.group().lower() and text[last.end():m.start()] == " ":
            found.append((last.end(), m.end(), "", KNOWN))
        pair = text[last.start():m.end()].lower() if last else ""
        if pair in PHRASES:
            found.append((last.start(), m.end(), like(last.group(), PHRASES[pair]), UNKNOWN))
        found += [(m.start(), m.end(), w, needed) for w, needed in of_word(counts, near, text, m)]
        if m.group().capitalize() in grammar.DAYS and m.group()[0].islower():
            found.append((m.start(), m.end(), m.group().capitalize(), KNOWN))
        last = m
    if text[-1] == "." and text[-2:-1].isalnum():
        found.append((len(text) - 1, len(text), "?", KNOWN))
    return found


def tidy(text):
    text = re.sub(r"\bi\b", "I", text)
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."


def scores(engine, base, rows):
    lines = "".join(json.dumps({"texts": row}) + "\n" for row in rows)
    run = subprocess.run([engine, "score", base, "--threads", "2"], input=lines, capture_output=True,
                         text=True, check=True)
    return [json.loads(line)["scores"] for line in run.stdout.splitlines()]


def applied(text, c):
    return text[:c[0]] + c[2] + text[c[1]:]


def correct(engine, base, counts, near, texts):
    """All sentences, each with the changes that gain what they need, the best first."""
    texts = [tidy(t) for t in texts]
    proposed = [changes(counts, near, t) for t in texts]
    rows = [[t] + [applied(t, c) for c in cs] for t, cs in zip(texts, proposed)]
    for i, (cs, s) in enumerate(zip(proposed, scores(engine, base, rows))):
        if s[0] is None:
            continue
        gains = sorted(((got - s[0], c) for got, c in zip(s[1:], cs) if got is not None), reverse=True)
        taken = []
        for gain, c in gains:
            if gain > c[3] and all(c[1] <= o[0] or c[0] >= o[1] for o in taken):
                taken.append(c)
        for c in sorted(taken, reverse=True):
            texts[i] = applied(texts[i], c)
    return texts
