# SPDX-License-Identifier: MIT
"""words.py WORK: writes en.words again, the words that are usual in English and how usual.

WORK is what examples/tiny/recipe/prepare.py and general.py wrote of their data, without what is
held out. A line is a word and the binary logarithm of how often it stands there; a name has its
capital. What no dictionary knows counts only where many books have it.
"""
import collections
import json
import math
import os
import re
import subprocess
import sys

WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
LEAST, LEAST_UNKNOWN, BOOKS = 10, 10, 4
# Halves of words that apostrophes cut, and letters.
NONE = set("bcdefghjklmnpqrstuvwxyz") | {"ll", "ve", "re", "don", "didn", "isn", "wasn", "couldn"}


def count(work):
    lower, capital, books = collections.Counter(), collections.Counter(), collections.Counter()
    for name in ("novels", "talk", "modern"):
        with open(os.path.join(work, name + ".jsonl"), encoding="utf-8") as f:
            for line in f:
                text = json.loads(line).get("text", "").replace("\u2019", "'")
                seen = set()
                for m in WORD.finditer(text):
                    word = m.group()
                    low = word.lower()
                    lower[low] += 1
                    inside = m.start() > 1 and text[m.start() - 1] == " " and text[m.start() - 2].islower()
                    if inside and word[0].isupper() and word[1:].islower():
                        capital[low] += 1
                    elif inside:
                        capital[low] -= 20
                    seen.add(low)
                if name == "novels":
                    books.update(seen)
    return lower, capital, books


def known(words):
    """Those that the dictionary has, in the case that they are given in."""
    run = subprocess.run(["hunspell", "-d", "en_US", "-G"], input="\n".join(words) + "\n",
                         capture_output=True, text=True, check=True)
    return set(run.stdout.split("\n"))


def main(work):
    lower, capital, books = count(work)
    found = [w for w, n in lower.items() if n >= LEAST and w not in NONE]
    right = known([w for w in found] + [w.capitalize() for w in found])
    lines = []
    for word in found:
        # "dont" stands in books, too.
        halves = (word[:-1] + "'" + word[-1:], word[:-2] + "'" + word[-2:])
        if word not in right and any(lower[w] > lower[word] for w in halves):
            continue
        is_name = word not in right and (word.capitalize() in right or capital[word] > lower[word] / 3)
        if word in right or word.capitalize() in right or (lower[word] >= LEAST_UNKNOWN and books[word] >= BOOKS):
            lines.append(f"{word.capitalize() if is_name else word} {int(math.log2(lower[word]))}")
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "en.words"), "w", encoding="utf-8") as f:
        f.write("\n".join(sorted(lines)) + "\n")
    print(len(lines), "words")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
