# SPDX-License-Identifier: MIT
"""general.py DATA OUT: writes what the base learns besides books, chats and corrections.

modern.jsonl is everyday English of today, reply.jsonl the next turn of a conversation,
find.jsonl sentences to be found in a text, and find-long.jsonl and minutes.jsonl what fills a
long context. All of it is good text, and learnt whole; vocabulary-modern.jsonl is a part of it
for the tokenizer. DATA is that of prepare.py with the folders qmsum, taskmaster-tm4, sms-spam,
paradetox, hwu64 and droidcall-early; OUT has what adapters.py wrote. What they hold out stays
held out.
"""
import csv
import json
import os
import random
import re
import sys
import zipfile

import prepare

OPEN = {"(", "[", "{", "$", "#", "``"}
SENTENCE = re.compile(r"(?:(?<=\s)|^)[A-Z][^.!?\n\"]{15,160}[.!?](?=\s|$)")
WORD = re.compile(r"\b[a-z]{5,}\b")
# Left out of MASC: unasked mail, and what is no running text.
MARKS = re.compile(r"[@<>=_|\\]|---|\bdocno\b|: [A-Z]\w+: ")
UNFIT = {"spam", "technical", "twitter", "telephone", "face-to-face"}


def lines(data, *path):
    with open(os.path.join(data, *path), encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def join(tokens):
    """Running text of @tokens, whose punctuation and endings stand apart."""
    text, glue, quoted = "", True, False
    for t in tokens:
        if t in ("``", "''", '"'):
            quoted = not quoted
            text, glue = text + ("" if glue or not quoted else " ") + '"', quoted
            continue
        close = bool(re.match(r"^(?:[.,;:!?)\]}%]+|n't|'(?:s|m|d|re|ve|ll|S)?|\.\.\.)$", t))
        text += t if glue or close else " " + t
        glue = t in OPEN
    return re.sub(r"\s+([.,;:!?])", r"\1", text).strip()


def masc(data):
    """The American National Corpus' open part; a token is word_TAG. Without heads of mails."""
    with zipfile.ZipFile(os.path.join(data, "nltk-english", "masc_tagged.zip")) as z:
        for line in z.read("masc_tagged/categories.txt").decode().splitlines():
            name, category = line.split()
            if category in UNFIT:
                continue
            text = z.read("masc_tagged/" + name).decode("utf-8", "replace")
            rows = (join(w.rsplit("_", 1)[0] for w in row.split()) for row in text.split("\n"))
            yield "\n".join(re.sub(r" ([’']) ?(?=[a-z])", r"\1", r) for r in rows
                            if len(r.split()) > 3 and not MARKS.search(r))


def spoken(text):
    """A turn of a meeting without what its transcript marks."""
    text = re.sub(r"\{\w+\}|<\w+>", "", text)
    text = re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r"\s+'(?=[a-z])", "'", text))
    text = re.sub(r"(?:\b(?:um|uh|mm|hmm)\b\s*,?\s*)+", "", text, flags=re.I)
    return re.sub(r"\s+", " ", re.sub(r"^\W+", "", text)).strip()


def turns(meeting):
    for t in meeting["meeting_transcripts"]:
        text = spoken(t["content"])
        if len(text.split()) > 3:
            yield f"{t['speaker'].split()[-1]}: {text[0].upper()}{text[1:]}"


def meetings(data):
    for meeting in lines(data, "qmsum", "train.jsonl"):
        yield "\n".join(turns(meeting))
        for query in meeting["general_query_list"] + meeting["specific_query_list"]:
            yield query["answer"]


def orders(data):
    """Conversations of customers, without the calls."""
    for row in lines(data, "taskmaster-tm4", "tm4.jsonl"):
        talk = [prepare.tidy(t["t"]) for t in row["turns"] if t.get("t", "").strip()]
        if len(talk) > 1:
            yield talk


def short_texts(data):
    """Messages and requests of a line each, several to a text."""
    found = []
    with open(os.path.join(data, "sms-spam", "dev.tsv"), encoding="utf-8") as f:
        found += [line.split("\t", 1)[1].strip() for line in f if line.startswith("ham\t")]
    with open(os.path.join(data, "paradetox", "paradetox.tsv"), encoding="utf-8") as f:
        rows = csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
        found += [prepare.tidy(r[1].strip('"')) for r in rows if len(r) > 1 and len(r[1]) > 20]
    found += [prepare.tidy(r["user_text"]) for r in lines(data, "hwu64", "train.jsonl")]
    for name in ("seeds", "machine_generated"):
        found += [r["query"] for r in lines(data, "droidcall-early", name + ".jsonl")]
    random.Random(5).shuffle(found)
    for i in range(0, len(found), 12):
        yield "\n".join(found[i:i + 12])


def replies(rng, talks):
    for talk in talks:
        for _ in range(min(8, len(talk) // 2)):
            at, back = rng.randrange(1, len(talk)), rng.choice((1, 1, 2, 3))
            yield "reply: " + "\n".join(talk[max(0, at - back):at]), talk[at]


def searches(rng, texts, least, most):
    """A sentence is to be found by a word that no other one of the passage has."""
    for text in texts:
        sentences = [m.group() for m in SENTENCE.finditer(text) if m.group().isascii()]
        at = 0
        while at + most < len(sentences):
            n = rng.randrange(least, most + 1)
            part, at = sentences[at:at + n], at + n
            which = rng.randrange(n)
            words = [w for w in WORD.findall(part[which])
                     if not any(w in s for i, s in enumerate(part) if i != which)]
            if words:
                yield f"find {rng.choice(words)}: " + " ".join(part), part[which]


def minutes(rng, data):
    """What was said about a matter, cut to what fits, and what somebody wrote of it."""
    for meeting in lines(data, "qmsum", "train.jsonl"):
        said = [spoken(t["content"]) for t in meeting["meeting_transcripts"]]
        for query in meeting["specific_query_list"]:
            part = []
            for first, last in query["relevant_text_span"]:
                part += [t for t in said[int(first):int(last) + 1] if len(t.split()) > 5]
            while part and sum(map(len, part)) > 2200:
                part.pop(rng.randrange(len(part)))
            if part and len(query["answer"]) < 900:
                yield f"summarize: {query['query']}\n" + "\n".join(part), query["answer"]


def sample(out, texts):
    """Of each text its beginning, and messages as the adapters know them."""
    texts, part, size = list(texts), [], 0
    random.Random(1).shuffle(texts)
    for text in texts:
        part.append(text[:4000] + "\n")
        size += len(part[-1])
        if size > 3_500_000:
            break
    written = [row["text"] for row in lines(out, "adapter-messages.jsonl")]
    return "".join(part), "\n".join(written[:20000])


def main(data, out):
    rng = random.Random(20261123)
    os.makedirs(out, exist_ok=True)
    (books, _), (talks, _) = prepare.split(data)
    chats, bought = [t.split("\n") for t in talks], list(orders(data))

    modern = [*masc(data), *meetings(data), *short_texts(data), *("\n".join(t) for t in bought)]
    prepare.write_texts(out, "modern.jsonl", modern)
    prepare.write_texts(out, "vocabulary-modern.jsonl", sample(out, modern))
    pairs = list(replies(rng, chats + bought))
    rng.shuffle(pairs)
    prepare.write_pairs(out, "reply.jsonl", pairs, whole=True)
    read = books[::2] + [" ".join(t) for t in chats[::2]]
    short = list(searches(rng, read, 2, 6))
    rng.shuffle(short)
    prepare.write_pairs(out, "find.jsonl", short[:60000], whole=True)
    long = list(searches(rng, books[1::2], 8, 30))
    rng.shuffle(long)
    prepare.write_pairs(out, "find-long.jsonl", long[:15000], whole=True)
    prepare.write_pairs(out, "minutes.jsonl", minutes(rng, data), whole=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
