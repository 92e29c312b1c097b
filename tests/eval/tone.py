# SPDX-License-Identifier: MIT
"""Tone: messages in another style, judged by what they keep and by a classifier made for it."""
import json
import os
import random
import re
import statistics
import zlib

import bench
import evaluate
import measure
import metrics
import report
import style
import tones

TITLE = "Tone"
STYLES = ("friendly", "professional", "concise")
COLUMNS = ("", "kept", "intact", "unsupported", "in style", "shorter", "same", "length", "source")
NOTE = ("*Kept*: words of the message that must stay and do. *Intact*: messages that keep all of them "
        "and have no content word from nowhere. *Unsupported*: messages with a name or number that was "
        "not there. *In style*: by the classifier. *Shorter*, *same*: than the message, as the message. "
        "In percent; *length*: words out for one word in.")
RUDE = ("", "neutral", "kept", "ROUGE-L", "GLEU", "unsupported", "same", "length", "source")
RUDE_EVERYDAY = ("", "without", "kept", "intact", "polite ones", "source")
RUDE_NOTE = ("*Neutral*: by the classifier. *Kept*: words that one of the people who rewrote it kept. "
             "ROUGE-L against the best of their rewrites.")


def registers(b):
    """[(class, message)] of the recipe's generator, trained on and held out."""
    path = os.path.join(b.work, "held", "registers.json")
    if not os.path.exists(path):
        b.held("held-mistakes.jsonl")
        import adapters
        texts, out = adapters.Texts(b.root), []
        for pieces, n, held in ((texts.pieces, 3000, False), (texts.pieces_held, 500, True)):
            rng = b.rng(f"registers {held}")
            for _ in range(n):
                for register, text in tones.message(rng, pieces, held).items():
                    out.append((register if register in STYLES[:2] else "plain", text, held))
        with open(path, "w", encoding="utf-8") as f:
            json.dump(out, f)
    with open(path, encoding="utf-8") as f:
        rows = json.load(f)
    return [r[:2] for r in rows if not r[2]], [r[:2] for r in rows if r[2]]


def rude(b):
    """[(rude, [as people rewrote it])]: every fifth is held out."""
    rows = [line.split("\t") for line in b.lines(b.data("paradetox", "paradetox.tsv"))[1:]]
    rows = [(clean(r[0]), [clean(x) for x in r[1:] if x.strip()]) for r in rows]
    rows = [r for r in rows if r[1]]
    held = [zlib.crc32(r[0].encode()) % 5 == 0 for r in rows]
    return [r for r, h in zip(rows, held) if not h], [r for r, h in zip(rows, held) if h]


def clean(text):
    return text.strip().strip('"').replace('""', '"').strip()


def politeness(rows):
    return [("rude", r[0]) for r in rows] + [("neutral", x) for r in rows for x in r[1][:1]]


def formulas(b):
    """The words that the rules bring along by themselves."""
    with open(os.path.join(b.source, "examples", "tones.yaml"), encoding="utf-8") as f:
        ways = re.findall(r"(?:forms|as|text): (\[.*?\]|\".*?\")", f.read())
    return set(measure.content(" ".join(re.sub(r"\{\w+\}", " ", w) for w in ways)))


def judge(b, name, how, cases, answers, known, source):
    texts = [c.get("prompt") or c["text"] for c in cases]
    kept, intact, _, _, same, length = evaluate.rewrites(name, cases, answers, formulas(b)).shares()
    n = max(len(texts), 1)
    unsupported = sum(bool(metrics.unsupported(t, a)) for t, a in zip(texts, answers))
    shorter = sum(len(a.split()) < len(t.split()) for t, a in zip(texts, answers))
    styled = "" if name not in known.classes else (
        100 * statistics.fmean(known.best(a) == name for a in answers))
    return (how, kept, intact, 100 * unsupported / n, styled, 100 * shorter / n, same,
            f"{length:.2f}", source)


def answers_of(b, name, texts):
    results = b.run("tone", texts, style=name)
    return [r.text or t for r, t in zip(results, texts)], bench.source_of(results)


def sets(b, name):
    folder = os.path.join(b.source, "examples", "tiny", "recipe")
    yield "held-out pieces", b.held(f"held-any-{name}.jsonl")
    yield "written by hand", b.rows(os.path.join(folder, "everyday.jsonl"))
    if name == "concise":
        yield "long ones written by hand", b.rows(os.path.join(folder, "wordy.jsonl"))


def styled(b, known):
    for name in STYLES:
        for title, cases in sets(b, name):
            texts = [c.get("prompt") or c["text"] for c in cases]
            rows = [judge(b, name, "doing nothing", cases, texts, known, "")]
            freely = b.run("tone", texts, adapter=f"tone-{name}")
            if not any(r.error for r in freely):
                rows.append(judge(b, name, f"the adapter tone-{name}, writing freely", cases,
                                  [r.text for r in freely], known, bench.source_of(freely)))
            answers, source = answers_of(b, name, texts)
            rows.append(judge(b, name, "the service", cases, answers, known, source))
            yield report.Table(f"{name}, {title} ({len(cases)})", COLUMNS, rows, NOTE)
        yield report.Examples(name, b.first(list(zip(texts, answers))))


def struck(known, text):
    """Without the words that by themselves speak for "rude": a list of bad words."""
    return " ".join(w for w in text.split() if known.weights.get(
        w.strip(".,!?\"'").lower(), {}).get("rude", 0) < 1.0)


def judge_rude(how, cases, answers, known, source):
    kept = all_ = 0
    for (text, references), answer in zip(cases, answers):
        have = set(measure.content(answer))
        in_one = set(measure.content(" ".join(references)))
        keep = [w for w in measure.content(text) if w in in_one]
        all_ += len(keep)
        kept += sum(w in have for w in keep)
    texts = [c[0] for c in cases]
    n = max(len(cases), 1)
    return (how, 100 * sum(known.best(a) == "neutral" for a in answers) / n, 100 * kept / max(all_, 1),
            metrics.mean_rouge(answers, [c[1] for c in cases])["L"],
            metrics.gleu([metrics.tokens(t.lower()) for t in texts],
                         [[metrics.tokens(r.lower()) for r in c[1]] for c in cases],
                         [metrics.tokens(a.lower()) for a in answers]),
            100 * sum(bool(metrics.unsupported(t, a)) for t, a in zip(texts, answers)) / n,
            100 * sum(a == t for t, a in zip(texts, answers)) / n,
            f"{sum(len(a.split()) for a in answers) / max(sum(len(t.split()) for t in texts), 1):.2f}",
            source)


def neutral(b, known, held):
    cases = b.sample("rude", held, 400)
    texts = [c[0] for c in cases]
    answers, source = answers_of(b, "neutral", texts)
    rows = [judge_rude("doing nothing", cases, texts, known, ""),
            judge_rude("words of a list struck out", cases, [struck(known, t) for t in texts], known, ""),
            judge_rude("the service", cases, answers, known, source),
            judge_rude("a person (against the others)", [(t, refs[:-1]) for t, refs in cases if refs[1:]],
                       [refs[-1] for _, refs in cases if refs[1:]], known, "")]
    yield report.Table(f"rude to neutral, ParaDetox ({len(cases)})", RUDE, rows, RUDE_NOTE)
    yield from everyday(b, known)


def judge_everyday(how, cases, answers, source):
    n = max(len(cases), 1)
    have = [set(w.lower() for w in metrics.tokens(a)) for a in answers]
    rude_ones = [i for i, c in enumerate(cases) if c["rude"]]
    polite = [i for i, c in enumerate(cases) if not c["rude"]]
    missing = [[w for w in c["keep"] if w not in h] for c, h in zip(cases, have)]
    keep = sum(len(c["keep"]) for c in cases)
    return (how, 100 * sum(not set(cases[i]["rude"]) & have[i] for i in rude_ones) / len(rude_ones),
            100 * (1 - sum(map(len, missing)) / keep), 100 * sum(not m for m in missing) / n,
            100 * sum(answers[i] == cases[i]["text"] for i in polite) / len(polite), source)


def everyday(b, known):
    cases = b.rows(os.path.join(b.source, "examples", "tiny", "recipe", "rude.jsonl"))
    texts = [c["text"] for c in cases]
    answers, source = answers_of(b, "neutral", texts)
    yield report.Table(f"rude to neutral, written by hand ({len(cases)})", RUDE_EVERYDAY, [
        judge_everyday("doing nothing", cases, texts, ""),
        judge_everyday("words of a list struck out", cases, [struck(known, t) for t in texts], ""),
        judge_everyday("the service", cases, answers, source)],
        "*Without*: rude messages that have none of their rude words left. *Polite ones*: those that "
        "were polite and were left as they were.")
    yield report.Examples("neutral", b.first(list(zip(texts, answers))))


def run(b):
    trained, held = registers(b)
    random.Random(1).shuffle(trained)
    by_register = style.Classifier().train(trained)
    rude_trained, rude_held = rude(b)
    by_manners = style.Classifier().train(politeness(rude_trained))
    yield report.Table("the classifiers of style, on what they have not seen", ("", "messages", "right"), [
        ("friendly, professional or neither", len(held), by_register.accuracy(held)),
        ("rude or neutral", len(politeness(rude_held)), by_manners.accuracy(politeness(rude_held)))],
        "Words and pairs of words, logistic regression; trained on the recipe's generator of messages, "
        "and on four fifths of ParaDetox. Made for this table; the service does not use them.")
    yield from styled(b, by_register)
    yield from neutral(b, by_manners, rude_held)
