# SPDX-License-Identifier: MIT
"""What the tables of `make eval` count: overlaps of words with what people wrote."""
import collections
import math
import random
import re
import statistics

TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|\S")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
DRAWS = 500


def tokens(text):
    """Words and signs, one by one."""
    return TOKEN.findall(text)


def words(text):
    """Words alone, in small letters: what ROUGE compares."""
    return [t.lower() for t in tokens(text) if t[0].isalnum()]


def ngrams(items, n):
    return collections.Counter(tuple(items[i:i + n]) for i in range(len(items) - n + 1))


def f1(hits, have, want):
    return 2 * hits / (have + want) if have + want else 0.0


def common(a, b):
    """Length of the longest common subsequence."""
    before = [0] * (len(b) + 1)
    for x in a:
        row = [0]
        for j, y in enumerate(b):
            row.append(before[j] + 1 if x == y else max(before[j + 1], row[j]))
        before = row
    return before[-1]


def rouge(answer, reference):
    """{"1", "2", "L"}: F1 in percent, without stemming (Lin 2004)."""
    a, r = words(answer), words(reference)
    out = {str(n): 100 * f1(sum((ngrams(a, n) & ngrams(r, n)).values()),
                            max(len(a) + 1 - n, 0), max(len(r) + 1 - n, 0)) for n in (1, 2)}
    out["L"] = 100 * f1(common(a, r), len(a), len(r))
    return out


def mean_rouge(answers, references):
    """The mean over texts; of several references of one text the best counts, for each number."""
    sums = collections.Counter()
    for answer, several in zip(answers, references):
        all_of = [rouge(answer, r) for r in ([several] if isinstance(several, str) else several)]
        sums.update({k: max(one[k] for one in all_of) for k in ("1", "2", "L")})
    return {k: sums[k] / max(len(answers), 1) for k in ("1", "2", "L")}


def gleu_counts(source, reference, answer, longest=4):
    """[answer's length, reference's, then for each n: what is right less what should have been
    changed and was not, n-grams in all]: "GLEU Without Tuning", Napoles et al. 2016, which is the
    measure of their paper of 2015 with its weights taken out, and what is published for JFLEG."""
    out = [len(answer), len(reference)]
    for n in range(1, longest + 1):
        a, r, s = (ngrams(t, n) for t in (answer, reference, source))
        kept = collections.Counter({g: c for g, c in s.items() if g not in r})
        out += [max(sum((a & r).values()) - sum((a & kept).values()), 0), max(len(answer) + 1 - n, 0)]
    return out


def gleu_of(counts):
    if 0 in counts:
        return 0.0
    logs = [math.log(hit / all_) for hit, all_ in zip(counts[2::2], counts[3::2])]
    return 100 * math.exp(min(0.0, 1 - counts[1] / counts[0]) + sum(logs) / len(logs))


def gleu(sources, references, answers, draws=DRAWS):
    """Of a corpus, in percent: the mean over random choices of one reference for each sentence.
    All are lists of tokens, @references a list of them for each sentence."""
    rng = random.Random(1234)
    counts = [[gleu_counts(s, r, a) for r in several]
              for s, several, a in zip(sources, references, answers)]
    return statistics.fmean(gleu_of([sum(c) for c in zip(*(rng.choice(one) for one in counts))])
                            for _ in range(draws)) if counts else 0.0


def unsupported(source, answer):
    """Numbers and names of @answer that @source does not have: facts from nowhere."""
    have = {w for word in words(source) for w in (word, re.split("['’]", word)[0])}
    numbers = set(NUMBER.findall(source))
    out = [n for n in NUMBER.findall(answer) if n not in numbers and n not in have]
    for m in re.finditer(r"(?<=[a-z,;] )[A-Z][a-z]+\b", answer):
        if m.group().lower() not in have:
            out.append(m.group())
    return out
