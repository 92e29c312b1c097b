# SPDX-License-Identifier: MIT
"""Proofreading: mistakes that were seeded into held-out text, some by hand, and learners' sentences."""
import os
import shutil
import subprocess

import bench
import measure
import metrics
import report

TITLE = "Proofreading"
COLUMNS = ("", "repaired", "kept", "clean", "wrong", "source")
NOTE = ("*Repaired*: mistakes that are right afterwards. *Kept*: words that were right and still are. "
        "*Clean*: sentences without a mistake left as they were. *Wrong*: wrong words for every "
        "hundred before. In percent.")


def hunspell(texts):
    """Every word that it does not know becomes its first suggestion; None without it."""
    if not shutil.which("hunspell"):
        return None
    # "^" makes a line text and no command; an answer's offset counts it.
    run = subprocess.run(["hunspell", "-a", "-d", "en_US"], capture_output=True, text=True, check=True,
                         input="".join("^" + t.replace("\n", " ") + "\n" for t in texts))
    out = []
    for text, answers in zip(texts, run.stdout.split("\n", 1)[1].split("\n\n")):
        raw = text.encode()
        for line in reversed(answers.split("\n")):
            if not line.startswith("& "):
                continue
            head, suggestions = line.split(": ", 1)
            word, at = head.split()[1].encode(), int(head.split()[3]) - 1
            if raw[at:at + len(word)] == word:
                raw = raw[:at] + suggestions.split(", ")[0].encode() + raw[at + len(word):]
        out.append(raw.decode())
    return out


def row(name, pairs, answers, source):
    c = measure.Corrections()
    for pair, answer in zip(pairs, answers):
        c.add(pair["prompt"], pair["completion"], answer)
    return (name, *c.shares(), source)


def seeded(b, title, pairs):
    texts = [p["prompt"] for p in pairs]
    rows = [row("doing nothing", pairs, texts, "")]
    by_hunspell = hunspell(texts)
    if by_hunspell:
        rows.append(row("hunspell alone", pairs, by_hunspell, ""))
    results = b.run("proofread", texts)
    rows.append(row("the service", pairs, [r.text or t for r, t in zip(results, texts)],
                    bench.source_of(results)))
    mistakes = sum(len(mistakes_of(p)) for p in pairs)
    clean = sum(p["prompt"] == p["completion"] for p in pairs)
    return report.Table(f"{title} ({len(pairs)} sentences, {mistakes} mistakes, {clean} clean)",
                        COLUMNS, rows, NOTE), list(zip(texts, [r.text for r in results]))


def mistakes_of(pair):
    return measure.gaps(measure.tokens(pair["completion"]), measure.tokens(pair["prompt"]))


def untokenized(text):
    """As people write: JFLEG's words have blanks before signs."""
    for sign in (".", ",", "!", "?", ";", ":", "n't", "'s", "'re", "'ve", "'ll", "'m", "'d", ")"):
        text = text.replace(" " + sign, sign)
    return text.replace("( ", "(")


def learners(b):
    """GLEU with four references; blanks before signs are not compared."""
    folder = b.data("jfleg", "dev")
    sources = [untokenized(t) for t in b.lines(os.path.join(folder, "dev.src"))]
    several = list(zip(*(b.lines(os.path.join(folder, f"dev.ref{i}")) for i in range(4))))
    references = [[metrics.tokens(untokenized(t)) for t in refs] for refs in several]
    want = [metrics.tokens(t) for t in sources]

    def row(name, answers, source):
        return (name, metrics.gleu(want, references, [metrics.tokens(t) for t in answers]),
                100 * sum(a == t for a, t in zip(answers, sources)) / len(sources), source)
    rows = [row("doing nothing", sources, "")]
    by_hunspell = hunspell(sources)
    if by_hunspell:
        rows.append(row("hunspell alone", by_hunspell, ""))
    results = b.run("proofread", sources)
    rows.append(row("the service", [r.text or t for r, t in zip(results, sources)], bench.source_of(results)))
    by_people = [metrics.gleu(want, [refs[:i] + refs[i + 1:] for refs in references],
                              [refs[i] for refs in references]) for i in range(4)]
    rows.append(("a person (against the other three)", sum(by_people) / 4, "", ""))
    return report.Table(f"sentences of learners, JFLEG ({len(sources)})", COLUMNS_GLEU, rows,
                        "GLEU without tuning (Napoles et al. 2016), four references.")


def left_alone(b):
    """What is not English, and English with names that are no mistakes."""
    rows = [line.split("|", 1) for line in b.lines(os.path.join(b.source, "tests", "eval", "untouched.txt"))]
    texts = [text for _, text in rows]
    results = b.run("proofread", texts)

    def shares(name, answers, source):
        for what, here in (("other languages", False), ("names", True)):
            same = [(i % 2, a == t) for i, ((kind, t), a) in enumerate(zip(rows, answers))
                    if (kind == "name") == here]
            halves = [[ok for half, ok in same if half == n] for n in (0, 1)]
            yield (f"{what} ({len(same)}): {name}", *(100 * sum(h) / len(h) for h in halves), source)
    by_hunspell = hunspell(texts)
    lines = [*shares("hunspell alone", by_hunspell, "")] if by_hunspell else []
    lines += shares("the service", [r.text for r in results], bench.source_of(results))
    return report.Table("sentences to be left alone", ("", "untouched", "of the other half", "source"), lines,
                        "In percent; the other half was not looked at while this was made.")


COLUMNS_GLEU = ("", "GLEU", "unchanged", "source")


def run(b):
    held = b.held("held-mistakes.jsonl")
    for name, pairs in (("novels", held[:250]), ("chats", held[250:500]), ("messages", held[500:])):
        table, _ = seeded(b, f"seeded mistakes, {name}", pairs)
        yield table
    by_hand = b.rows(os.path.join(b.source, "examples", "tiny", "recipe", "mistakes.jsonl"))
    table, pairs = seeded(b, "written by hand", by_hand)
    yield table
    yield left_alone(b)
    yield learners(b)
    yield report.Examples("proofread", b.first(pairs))
