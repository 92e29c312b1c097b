# SPDX-License-Identifier: MIT
"""A classifier of styles: logistic regression on words and pairs of words, by plain stochastic
gradient descent. It is there to measure: the service does not use it."""
import collections
import math
import random

import metrics

PASSES, RATE, DECAY = 5, 0.4, 1e-6


def features(text):
    t = [x.lower() for x in metrics.tokens(text)]
    t = ["<", *("0" if x.isdigit() else x for x in t), ">"]
    return set(t[1:-1]) | {a + " " + b for a, b in zip(t, t[1:])}


class Classifier:
    """Of texts into the classes that it was trained on."""

    def __init__(self, seed=1):
        self.weights = collections.defaultdict(dict)
        self.classes, self.seed = [], seed

    def sums(self, found):
        z = dict.fromkeys(self.classes, 0.0)
        for f in found:
            for c, w in self.weights.get(f, {}).items():
                z[c] += w
        return z

    def shares(self, text):
        """{class: probability}"""
        return softmax(self.sums(features(text)))

    def best(self, text):
        z = self.sums(features(text))
        return max(z, key=z.get)

    def train(self, rows):
        """@rows: (class, text)."""
        rows = [(c, sorted(features(t))) for c, t in rows]
        self.classes = sorted({c for c, _ in rows})
        rng = random.Random(self.seed)
        for epoch in range(PASSES):
            rng.shuffle(rows)
            rate = RATE * (1 - epoch / PASSES)
            for right, found in rows:
                self.step(right, found, rate / math.sqrt(len(found) + 1))
        return self

    def step(self, right, found, rate):
        p = softmax(self.sums(found))
        wrong = {c: (c == right) - p[c] for c in self.classes}
        if max(map(abs, wrong.values())) < 0.01:
            return
        for f in found:
            w = self.weights[f]
            for c, e in wrong.items():
                w[c] = w.get(c, 0.0) * (1 - DECAY) + rate * e

    def accuracy(self, rows):
        rows = list(rows)
        return 100 * sum(self.best(t) == c for c, t in rows) / max(len(rows), 1)


def softmax(z):
    top = max(z.values())
    e = {c: math.exp(v - top) for c, v in z.items()}
    total = sum(e.values())
    return {c: v / total for c, v in e.items()}
