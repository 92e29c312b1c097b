# SPDX-License-Identifier: MIT
"""adapters.py DATA OUT: writes what the adapters are trained and measured on.

DATA is that of prepare.py. Held out are whole novels, whole chats, and every tenth piece
of a message.
"""
import collections
import json
import os
import random
import re
import sys
import zipfile

import fragments
import grammar
import messages
import prepare
import tones

SLIPS = re.compile(r"\b(dont|im|ive|cant|wont|didnt|doesnt|isnt|thats|alot|u|ur|gonna|wanna|havent|youre|theyre|"
                   r"wasnt|couldnt|wouldnt|whats|lets|omg|lol|tho|cuz|monday|friday|sunday)\b|[a-z] ,|,[a-z]|\.\.|  |"
                   r"\b[Ii]ts (a|an|the|not|so|very|too|just|been|like|my|really|ok|all|\w+ing)\b|\byour (a|right|welcome)\b")
SENTENCE = re.compile(r"[A-Z][^.!?\n]{20,180}[.!?](?=\s|$)")


def count_words(texts):
    counts = collections.Counter()
    for t in texts:
        counts.update(re.findall(r"[a-z]+(?:'[a-z]+)*", t.lower()))
    return counts


def tidy_turns(talks, known):
    """Turns of chats that seem to be free of mistakes."""
    for talk in talks:
        for turn in talk.split("\n"):
            words = re.findall(r"[a-z]+(?:'[a-z]+)*", turn.lower())
            if 20 < len(turn) < 170 and turn.isascii() and not SLIPS.search(turn) and all(w in known for w in words):
                yield turn


def summaries(data):
    """Sentences of the summaries that people wrote of meetings."""
    with open(os.path.join(data, "qmsum", "train.jsonl"), encoding="utf-8") as f:
        for line in f:
            meeting = json.loads(line)
            for query in meeting["general_query_list"] + meeting["specific_query_list"]:
                for m in SENTENCE.finditer(query["answer"]):
                    if m.group().isascii() and not SLIPS.search(m.group()):
                        yield m.group()


def names(data):
    """The corpora's list of first names."""
    with zipfile.ZipFile(os.path.join(data, "nltk-english", "names.zip")) as z:
        return sorted({w.strip() for n in z.namelist() if n.endswith("male.txt")
                       for w in z.read(n).decode().split() if w.strip().isalpha()})


def pairs(rng, sentences):
    """A third needs no change; the others have one to three mistakes."""
    for s in sentences:
        yield grammar.seed(rng, s, rng.choice((0, 0, 1, 1, 2, 3))), s


class Texts:
    """Everything that the rows are made of: what is trained on, and what is held out."""

    def __init__(self, data):
        self.data = data
        (self.books, self.books_held), (self.talks, self.talks_held) = prepare.split(data)
        counts = count_words(self.books + self.talks)
        self.known = {w for w in counts if counts[w] >= 40}
        found = fragments.find(self.talks, self.books, self.known)
        found["name"] = names(data) + messages.NAMES * 10
        self.pieces = fragments.Fragments(found, False)
        self.pieces_held = fragments.Fragments(found, True)


def held_out(texts, out):
    """What no training reads."""
    rng = random.Random(4243)
    held = list(prepare.clean_sentences(texts.books_held, rng, 0.02))
    turns = list(tidy_turns(texts.talks_held, texts.known))
    rng.shuffle(held)
    rng.shuffle(turns)
    held = held[:250] + turns[:250] + [tones.clean_message(rng, texts.pieces_held, True)
                                       for _ in range(250)]
    prepare.write_pairs(out, "held-mistakes.jsonl", pairs(rng, held))
    for style in messages.STYLES:
        prepare.write_pairs(out, f"held-any-{style}.jsonl",
                            (tones.pair(rng, texts.pieces_held, style, True) for _ in range(250)))


def main(data, out):
    rng = random.Random(20261122)
    texts = Texts(data)
    sentences = list(prepare.clean_sentences(texts.books, rng, 0.12))
    sentences += tidy_turns(texts.talks, texts.known)
    rng.shuffle(sentences)
    sentences = sentences[:110000] + 2 * list(summaries(data))
    sentences += [tones.clean_message(rng, texts.pieces) for _ in range(70000)]
    rng.shuffle(sentences)
    prepare.write_pairs(out, "adapter-proofread.jsonl", pairs(rng, sentences))
    mixed = []
    for style in messages.STYLES:
        rewrites = [tones.pair(rng, texts.pieces, style) for _ in range(80000)]
        prepare.write_pairs(out, f"adapter-tone-{style}.jsonl", rewrites)
        mixed += [(f"{style}: {a}", b) for a, b in rewrites[:30000]]
    rng.shuffle(mixed)
    prepare.write_pairs(out, "adapter-tone.jsonl", mixed)
    prepare.write_texts(out, "adapter-messages.jsonl",
                        (tones.clean_message(rng, texts.pieces) for _ in range(40000)))
    held_out(texts, out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
