# SPDX-License-Identifier: MIT
"""prepare.py DATA OUT: writes the training and held-out files of the tiny model.

DATA holds the folders english-novels-100, self-dialogue and nltk-english; their licences
are named in MODEL-CARD.md.
"""
import io
import json
import os
import random
import re
import sys
import tarfile
import zipfile

import errors
import messages

HELD_OUT_NOVELS = 5
SENTENCE = re.compile(r"[A-Z][^.!?\n]{20,180}[.!?](?=\s)")


def novels(data):
    path = os.path.join(data, "english-novels-100", "english-novels-100.tar.xz")
    with tarfile.open(path) as tar:
        for member in sorted((m for m in tar if m.isfile()), key=lambda m: m.name):
            text = tar.extractfile(member).read().decode("utf-8", "replace")
            yield re.sub(r"[ \t]*\n(?!\n)[ \t]*", " ", text.replace("\r", "").replace("_", ""))


def speeches(data):
    path = os.path.join(data, "nltk-english", "dev", "state_union.zip")
    if not os.path.exists(path):
        path = os.path.join(data, "nltk-english", "state_union.zip")
    with zipfile.ZipFile(path) as z:
        for name in sorted(n for n in z.namelist() if n.endswith(".txt")):
            yield re.sub(r"\s+", " ", z.read(name).decode("utf-8", "replace"))


def tidy(turn):
    """A chat turn with capitals and a full stop, as people would write it with care."""
    turn = re.sub(r"\bi\b", "I", turn.strip())
    turn = turn[:1].upper() + turn[1:]
    return turn if turn[-1:] in ".!?" else turn + "."


def dialogues(data):
    path = os.path.join(data, "self-dialogue", "self_dialogues.jsonl")
    with open(path, encoding="utf-8") as f:
        for line in f:
            turns = [tidy(t) for t in json.loads(line)["turns"] if t.strip()]
            yield "\n".join(turns)


def clean_sentences(texts, rng, share):
    for text in texts:
        for m in SENTENCE.finditer(text):
            s = m.group()
            if rng.random() < share and '"' not in s and s.isascii() and "--" not in s:
                yield s


class Writer:
    def __init__(self, out, name):
        self.file = io.open(os.path.join(out, name), "w", encoding="utf-8")

    def row(self, **row):
        self.file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_texts(out, name, texts):
    w = Writer(out, name)
    for t in texts:
        w.row(text=t)


def proofread_rows(rng, sentences):
    """A third needs no change; the others have one to three mistakes."""
    for s in sentences:
        wrong, _ = errors.seed_errors(rng, s, rng.choice((0, 0, 1, 1, 2, 3)))
        yield wrong, s


def write_pairs(out, name, pairs, **keys):
    w = Writer(out, name)
    for prompt, completion in pairs:
        w.row(prompt=prompt, completion=completion, **keys)


def split(data):
    """((novels, held out), (chats, held out))"""
    books, talks = list(novels(data)), list(dialogues(data))
    return (([b for i, b in enumerate(books) if i % 20], books[::20][:HELD_OUT_NOVELS]),
            ([t for i, t in enumerate(talks) if i % 40], talks[::40]))


def main(data, out):
    rng = random.Random(20261121)
    os.makedirs(out, exist_ok=True)
    (books, held), (talks, talks_held) = split(data)
    addresses = list(speeches(data))

    write_texts(out, "novels.jsonl", books)
    write_texts(out, "talk.jsonl", talks + addresses)
    write_texts(out, "messages.jsonl", (messages.plain_text(rng) for _ in range(60000)))
    write_texts(out, "held-text.jsonl", held)
    sample = "".join(b[10000:110000] for b in books[::4]) + "\n".join(talks[:4000])
    write_texts(out, "vocabulary.jsonl", [sample] + [messages.plain_text(rng) for _ in range(20000)])

    sentences = list(clean_sentences(books, rng, 0.16)) + list(clean_sentences(addresses, rng, 1))
    sentences += [t for talk in talks[::2] for t in talk.split("\n") if 20 < len(t) < 180]
    rng.shuffle(sentences)
    sentences = sentences[:110000] + [messages.plain_text(rng) for _ in range(90000)]
    rng.shuffle(sentences)
    write_pairs(out, "proofread.jsonl", proofread_rows(rng, sentences))
    mixed = []
    for style in messages.STYLES:
        pairs = [messages.tone_pair(rng, style) for _ in range(40000)]
        write_pairs(out, f"tone-{style}.jsonl", pairs)
        mixed += [(f"{style}: {a}", b) for a, b in pairs[:20000]]
    rng.shuffle(mixed)
    write_pairs(out, "tone.jsonl", mixed)

    rng = random.Random(4242)
    held_sentences = list(clean_sentences(held, rng, 0.02))[:200]
    held_sentences += [t for talk in talks_held for t in talk.split("\n") if 30 < len(t) < 160][:100]
    held_sentences += [messages.plain_text(rng, True) for _ in range(200)]
    write_pairs(out, "held-proofread.jsonl", proofread_rows(rng, held_sentences))
    for style in messages.STYLES:
        write_pairs(out, f"held-tone-{style}.jsonl",
                    (messages.tone_pair(rng, style, True) for _ in range(150)))
        write_pairs(out, f"held-frames-{style}.jsonl",
                    (messages.tone_pair(rng, style, "frames") for _ in range(100)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
