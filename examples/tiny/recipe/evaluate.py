# SPDX-License-Identifier: MIT
"""What answers are worth beside those that were expected: of corrections, and of rewrites."""
import re

import measure
import messages
import tones


def judge(pairs, answers):
    c = measure.Corrections()
    for pair, answer in zip(pairs, answers):
        c.add(pair["prompt"], pair["completion"], answer)
    return c


def vocabulary(style):
    """The words that a register brings along by itself."""
    forms = [f for frame in messages.FRAMES.values() for f in frame[style]]
    forms += [f for several in tones.FORMS[style].values() for f in several]
    words = measure.content(" ".join(re.sub(r"\{\w+\}", " ", f)
                                     for f in forms + messages.GREETINGS[style]))
    return set(words)


def rewrites(style, cases, answers, formulas=frozenset()):
    """A case names the words to keep, or has an answer that shows them. @formulas: words that
    come along with the style, too."""
    r = measure.Rewrites(style, vocabulary(style) | formulas)
    for case, answer in zip(cases, answers):
        text, keep = case.get("prompt") or case["text"], case.get("keep")
        if keep is None:
            gold = set(measure.content(case["completion"]))
            keep = [w for w in measure.content(text) if w in gold]
        r.add(text, keep, answer)
    return r
