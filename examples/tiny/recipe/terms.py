# SPDX-License-Identifier: MIT
"""terms.py DATA OUT: writes the tables of examples/terms, by which the service works without a model.

rarity.tsv tells how rare a word is, for summaries; notices.tsv sorts notifications and
messages.tsv messages (multinomial logistic regression over words, by AdaGrad), by what notices.py
and kinds.py make and by what notices.txt and kinds.txt have, written by hand. DATA is that of
prepare.py with qmsum and sms-spam. What is held out elsewhere is held out here: every 40th chat
and every fifth text message.
"""
import collections
import math
import os
import random
import re
import sys

import general
import kinds
import notices
import prepare

TERM = re.compile(r"[A-Za-z'\x80-\U0010ffff]+|[0-9](?:[0-9.,:]*[0-9])?|[$%!?@]")
ADDRESS = re.compile(r"://|^www\..|[A-Za-z0-9]\.[a-z]{2,}(?:/|$)", re.I)
RARITY_WORDS = 3000
# Who text messages are from, as far as the data can be told apart by it: half of them from nobody.
STRANGERS = ["83355", "Unknown", "+44 7700 9000", "60422"]
# How often each line that was written by hand counts beside those that are made.
BY_HAND_TIMES = 8


def terms(text):
    """As assistantd/daemon/terms.c cuts them."""
    for t in TERM.findall(text):
        if t[0].isdigit():
            yield "0:00" if ":" in t else re.sub(r"[^0]", "", re.sub(r"[0-9]", "0", t))[:8]
        else:
            yield "".join(c.lower() if c < "\x80" else c for c in t.replace("’", "'"))


def looks(text, n):
    """As assistantd/daemon/sorter.c has them."""
    words = text.split()
    if n < 6:
        yield "<short>"
    elif n >= 20:
        yield "<long>"
    capitals = 0
    for w in words:
        upper, digits = len(re.findall("[A-Z]", w)), len(re.findall("[0-9]", w))
        capitals += upper > 2 and upper + 1 >= len(w.encode())
        if ADDRESS.search(w):
            yield "<address>"
        elif upper and digits and upper + digits >= 4:
            yield "<mixed>"
    if capitals > 1:
        yield "<capitals>"


def features(origin, text):
    found = list(terms(text))
    return {"<always>"} | {"@" + t for t in terms(origin)} | set(found) | set(looks(text, len(found)))


def learn(rows, names, passes=6, rate=0.3, decay=1e-4, least=4):
    """{term: a number for each of @names} from @rows of (features, name)."""
    counts = collections.Counter(t for found, _ in rows for t in found)
    weights = {t: [0.0] * len(names) for t, n in counts.items() if n >= least}
    seen = dict.fromkeys(weights, 1e-3)
    rows = [([t for t in sorted(found) if t in weights], names.index(name)) for found, name in rows]
    rng = random.Random(1)
    for _ in range(passes):
        rng.shuffle(rows)
        for found, right in rows:
            sums = [sum(c) for c in zip(*(weights[t] for t in found))]
            top = max(sums)
            shares = [math.exp(s - top) for s in sums]
            total = sum(shares)
            slope = [s / total - (i == right) for i, s in enumerate(shares)]
            size = sum(g * g for g in slope)
            for t in found:
                seen[t] += size
                step = rate / math.sqrt(seen[t])
                w = weights[t]
                for i, g in enumerate(slope):
                    w[i] -= step * g + decay * w[i]
    return weights


def best(weights, names, found):
    sums = [0.0] * len(names)
    for t in found:
        for i, w in enumerate(weights.get(t, ())):
            sums[i] += w
    return names[max(range(len(names)), key=sums.__getitem__)]


def pruned(weights, least=0.3):
    """Without the terms that speak for nothing; each row around zero."""
    for term, row in sorted(weights.items()):
        mean = sum(row) / len(row)
        row = [round(w - mean, 1) + 0.0 for w in row]
        if max(map(abs, row)) >= least:
            yield term, row


def write(out, name, comment, columns, rows):
    with open(os.path.join(out, name), "w", encoding="utf-8") as f:
        f.write(f"# {comment} Written by recipe/terms.py.\n" + "\t".join(("term", *columns)) + "\n")
        for term, row in rows:
            f.write("\t".join([term, *(f"{w:g}" for w in row)]) + "\n")


def texts(data, label):
    """Text messages of that label, without every fifth."""
    with open(os.path.join(data, "sms-spam", "dev.tsv"), encoding="utf-8") as f:
        found = [line.rstrip("\n").split("\t", 1)[1] for line in f if line.startswith(label + "\t")]
    return [t for i, t in enumerate(found) if i % 5]


def by_hand(name):
    """Lines written by hand, their fields."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("|") for line in f] * BY_HAND_TIMES


def notice_rows(data, each=1200):
    rng = random.Random(20261124)
    rows = [notices.notice(rng, k) for k in notices.KINDS for _ in range(each)]
    chats = notices.SLOTS["chat"]
    for t in texts(data, "ham")[::2]:
        rows.append((rng.choice(chats), rng.choice((rng.choice(notices.messages.NAMES), "")), t,
                     "question" if "?" in t else "message"))
    for t in texts(data, "spam"):
        rows += [(rng.choice(chats), rng.choice((rng.choice(STRANGERS), "")), t, "spam")] * 2
    rows += [(app, summary, body, kind) for kind, app, summary, body in by_hand("notices.txt")]
    return [(features(app, f"{summary}\n{body}"), kind) for app, summary, body, kind in rows]


def letter_rows(data, each=3000):
    rng = random.Random(20261125)
    rows = [(kinds.letter(rng, k), k) for k in kinds.KINDS for _ in range(each)]
    rows = [(t, kinds.kind_of(k, t)) for t, k in rows]
    turns = [t for talk in prepare.split(data)[1][0][::12] for t in talk.split("\n")]
    plain = [t for t in turns if 20 < len(t) < 120]
    rng.shuffle(plain)
    for t in plain[:4000]:
        wh = re.match(r"(?:what|where|when|who|which|why|how|is|are|do|does|did|have)\b", t, re.I)
        if "?" not in t:
            rows.append((t, "other"))
        elif wh:
            rows.append((t, "question"))
    rows += [(t, k) for k, t in by_hand("kinds.txt")]
    return [(features("", t), k) for t, k in rows]


def rarity(data):
    """ln of how many passages there are for one that has the word, for the frequent ones."""
    counts, n = collections.Counter(), 0
    passages = list(prepare.split(data)[1][0][::8])
    for meeting in general.lines(data, "qmsum", "train.jsonl"):
        said = [general.spoken(t["content"]) for t in meeting["meeting_transcripts"]]
        passages += ["\n".join(said[i:i + 40]) for i in range(0, len(said), 40)]
    for p in passages:
        counts.update({t for t in terms(p) if t[0].isalpha()})
        n += 1
    common = counts.most_common(RARITY_WORDS)
    yield "<other>", [round(math.log((n + 1) / (common[-1][1] + 1)), 1)]
    for word, count in sorted(common):
        yield word, [round(math.log((n + 1) / (count + 1)), 1)]


def main(data, out):
    os.makedirs(out, exist_ok=True)
    write(out, "rarity.tsv", "How rare words are.", ("rarity",), rarity(data))
    found = learn(notice_rows(data), notices.KINDS)
    levels = ("<level>", [notices.LEVELS[k] for k in notices.KINDS])
    write(out, "notices.tsv", "What tells kinds of notifications.", notices.KINDS, [levels, *pruned(found)])
    found = learn(letter_rows(data), kinds.KINDS)
    write(out, "messages.tsv", "What tells kinds of messages.", kinds.KINDS, pruned(found))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
