# SPDX-License-Identifier: MIT
"""Seeds mistakes kind by kind, so that the rare ones are learnt too: errors.py draws a word first
and then what can happen to it, which makes almost every mistake one of spelling."""
import re

import errors
import fragments

DAYS = set("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split() + fragments.MONTHS)
PAST = """gone:went written:wrote taken:took seen:saw eaten:ate given:gave broken:broke spoken:spoke
chosen:chose forgotten:forgot driven:drove known:knew done:did begun:began drunk:drank fallen:fell
stolen:stole hidden:hid shown:showed flown:flew worn:wore torn:tore ridden:rode shaken:shook"""
PARTICIPLES = dict(pair.split(":") for pair in PAST.split())
TOGETHER = {"a lot": "alot", "in front": "infront", "at least": "atleast", "as well": "aswell", "each other": "eachother",
            "thank you": "thankyou", "in fact": "infact", "all right": "alright", "no one": "noone",
            "of course": "ofcourse", "even though": "eventhough", "up to": "upto"}
APART = {"without": "with out", "into": "in to", "myself": "my self", "himself": "him self", "somebody": "some body",
         "everything": "every thing", "something": "some thing", "anything": "any thing", "tomorrow": "to morrow",
         "whenever": "when ever", "everybody": "every body", "itself": "it self", "together": "to gether"}
SOUNDS = {"their": ["there", "they're"], "there": ["their"], "they're": ["their", "there"], "its": ["it's"],
          "it's": ["its"], "your": ["you're"], "you're": ["your"], "then": ["than"], "than": ["then"], "to": ["too"],
          "too": ["to"], "where": ["were"], "were": ["where"], "lose": ["loose"], "whether": ["weather"],
          "quite": ["quiet"], "quiet": ["quite"], "off": ["of"], "passed": ["past"], "here": ["hear"], "hear": ["here"],
          "know": ["no", "now"], "new": ["knew"], "knew": ["new"], "right": ["write"], "write": ["right"],
          "who's": ["whose"], "whose": ["who's"], "accept": ["except"], "piece": ["peace"], "week": ["weak"],
          "meet": ["meat"], "buy": ["by"], "break": ["brake"], "affect": ["effect"], "advice": ["advise"],
          "two": ["to"], "our": ["are"], "see": ["sea"], "wait": ["weight"], "hole": ["whole"], "whole": ["hole"],
          "through": ["threw", "trough"], "threw": ["through"], "while": ["wile"], "lead": ["led"], "led": ["lead"]}
OF = re.compile(r"\b(could|would|should|might|must) have\b")
ARTICLE = re.compile(r"\b([Aa])(n?) (?=[a-z])")
PERFECT = re.compile(r"\b(has|have|had|been|was|were|be|[a-z]+'ve) (%s)\b" % "|".join(PARTICIPLES))
BE = re.compile(r"\b(is|are|was|were|has|have|does|do|doesn't|don't|isn't|aren't|wasn't|weren't|hasn't|haven't)\b")
OTHER = dict(a.split(":") for a in """is:are are:is was:were were:was has:have have:has does:do do:does
doesn't:don't don't:doesn't isn't:aren't aren't:isn't wasn't:weren't weren't:wasn't hasn't:haven't
haven't:hasn't""".split())
# Only after a subject that is one word away is it plain that the other form is wrong.
SUBJECT = re.compile(r"(?:\b(?:[Ii]|[Yy]ou|[Hh]e|[Ss]he|[Ii]t|[Ww]e|[Tt]hey|[Tt]his|[Tt]hat|[Tt]hese|[Tt]hose|[Tt]here|"
                     r"(?:[Tt]he|[Mm]y|[Yy]our|[Oo]ur|[Hh]is|[Hh]er) [a-z]+) )$")
PRESENT = re.compile(r"\b(I|[Yy]ou|[Ww]e|[Tt]hey|[Hh]e|[Ss]he|[Ii]t|who|that) (%s)(s|es)?\b" % "|".join(fragments.VERBS))


def swap(text, m, new, group=0):
    return text[:m.start(group)] + new + text[m.end(group):]


def pick(rng, pattern, text, fits=None):
    found = [m for m in re.finditer(pattern, text) if fits is None or fits(m)]
    return rng.choice(found) if found else None


def like(word, new):
    return new[0].upper() + new[1:] if word[0].isupper() else new


def spelling(rng, text):
    m = pick(rng, errors.WORD, text, lambda m: len(m.group()) >= 3)
    new = errors.misspell(rng, m.group()) if m else None
    return swap(text, m, new) if new and new != m.group() else None


def sound(rng, text):
    m = pick(rng, errors.WORD, text, lambda m: m.group().lower() in SOUNDS)
    return swap(text, m, like(m.group(), rng.choice(SOUNDS[m.group().lower()]))) if m else None


def agreement(rng, text):
    if rng.random() < 0.4:
        m = pick(rng, PRESENT, text)
        if not m:
            return None
        es = "es" if re.search(r"(s|sh|ch|x|o)$", m.group(2)) else "s"
        if m.group(3):
            return swap(text, m, f"{m.group(1)} {m.group(2)}")
        if m.group(1).lower() in ("i", "you", "we", "they") and not m.group(2).endswith("y"):
            return swap(text, m, f"{m.group(1)} {m.group(2)}{es}")
        return None
    m = pick(rng, BE, text, lambda m: SUBJECT.search(text[:m.start()]))
    return swap(text, m, OTHER[m.group()]) if m else None


def apostrophe(rng, text):
    m = pick(rng, r"\b\w+'\w+\b", text)
    return swap(text, m, m.group().replace("'", "")) if m else None


def capital(rng, text):
    m = pick(rng, r"\b[A-Z]\w*", text, lambda m: m.start() == 0 or m.group() == "I" or m.group() in DAYS
             or text[m.start() - 2:m.start()] in (". ", "! ", "? "))
    return swap(text, m, m.group().lower()) if m else None


def double(rng, text):
    m = pick(rng, errors.WORD, text)
    return swap(text, m, f"{m.group()} {m.group().lower()}") if m and m.group() != "I" else None


def full_stop(_rng, text):
    return text[:-1] if text[-1] in ".?" and len(text) > 1 and text[-2].isalnum() else None


def article(rng, text):
    m = pick(rng, ARTICLE, text)
    return swap(text, m, m.group(1) + ("" if m.group(2) else "n") + " ") if m else None


def participle(rng, text):
    m = pick(rng, PERFECT, text)
    return swap(text, m, PARTICIPLES[m.group(2)], 2) if m else None


def have(rng, text):
    m = pick(rng, OF, text)
    return swap(text, m, m.group(1) + " of") if m else None


def blank(rng, text):
    table = rng.choice((TOGETHER, APART))
    m = pick(rng, r"\b(%s)\b" % "|".join(table), text)
    return swap(text, m, table[m.group()]) if m else None


KINDS = [(spelling, 38), (sound, 14), (agreement, 12), (apostrophe, 9), (capital, 7), (double, 5), (full_stop, 5),
         (article, 4), (participle, 2), (have, 2), (blank, 2)]


def seed(rng, text, n):
    """@text with @n mistakes where it has room for them."""
    kinds, weights = zip(*KINDS)
    made = 0
    for _ in range(n * 6):
        if made == n:
            break
        new = rng.choices(kinds, weights)[0](rng, text)
        if new and new != text:
            text, made = new, made + 1
    return text
