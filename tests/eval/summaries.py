# SPDX-License-Identifier: MIT
"""Summaries and headlines of chats and of parts of meetings, beside what people wrote of them."""
import re

import bench
import general
import metrics
import report

TITLE = "Summaries and headlines"
COLUMNS = ("", "ROUGE-1", "ROUGE-2", "ROUGE-L", "words", "unsupported", "source")
NOTE = ("F1 without stemming. *Words*: in the mean. *Unsupported*: names and numbers that the text does "
        "not have, for a hundred texts. The first, the longest and the service have as many sentences.")
CHATS, MEETINGS, LINE = 400, 150, 60


def chats(b):
    rows = b.rows(b.data("dialogsum", "dialogsum.dev.jsonl"))
    return b.sample("chats", [(r["dialogue"].replace("#", ""), r["summary"].replace("#", "")) for r in rows], CHATS)


def meetings(b):
    """What was said about one matter, up to eighty turns, and the answer to a question about it."""
    found = []
    for meeting in b.rows(b.data("qmsum", "val.jsonl")):
        said = [(t["speaker"], general.spoken(t["content"])) for t in meeting["meeting_transcripts"]]
        for query in meeting["specific_query_list"]:
            spans = [(int(a), int(z)) for a, z in query["relevant_text_span"]]
            part = [said[i] for a, z in spans for i in range(a, min(z + 1, len(said))) if said[i][1]]
            if 4 <= len(part) <= 80:
                found.append(("\n".join(f"{who}: {what}" for who, what in part), query["answer"]))
    return b.sample("meetings", found, MEETINGS)


def sentences(text):
    """Of a talk, each with its speaker."""
    out = []
    for line in text.split("\n"):
        name, colon, rest = line.partition(": ")
        who = name + colon if colon and len(name) < 33 else ""
        out += [who + s for s in re.split(r"(?<=[.!?])\s+", (rest if who else line).strip()) if s]
    return out


def row(name, texts, answers, references, source=""):
    mean = metrics.mean_rouge(answers, references)
    words = sum(len(metrics.words(a)) for a in answers) / len(answers)
    wrong = sum(len(metrics.unsupported(t, a)) for t, a in zip(texts, answers))
    return (name, mean["1"], mean["2"], mean["L"], words, 100 * wrong / len(texts), source)


def of_paragraphs(b, title, pairs):
    texts, references = [t for t, _ in pairs], [r for _, r in pairs]
    results = b.run("summarize", texts)
    counts = [len(r.results.get("sentences", ())) for r in results]
    cut = [sentences(t) for t in texts]
    longest = [[s for s in c if s in sorted(c, key=len)[-n:]] for c, n in zip(cut, counts)]
    rows = [row("the first sentences", texts, [" ".join(c[:n]) for c, n in zip(cut, counts)], references),
            row("the longest sentences", texts, [" ".join(c) for c in longest], references),
            row("the service", texts, [r.text for r in results], references, bench.source_of(results))]
    return report.Table(f"{title} ({len(pairs)})", COLUMNS, rows, NOTE), list(zip(texts, [r.text for r in results]))


def of_lines(b, title, pairs):
    texts, references = [t for t, _ in pairs], [r for _, r in pairs]
    results = b.run("summarize", texts, kind="headline")
    cut = [sentences(t) for t in texts]
    rows = [row("the beginning", texts, [t.replace("\n", " ")[:LINE] for t in texts], references),
            row("the longest sentence, cut", texts, [max(c, key=len)[:LINE] for c in cut], references),
            row("the service", texts, [r.text for r in results], references, bench.source_of(results))]
    return report.Table(f"headlines of {title}, a line of {LINE} letters", COLUMNS, rows, NOTE), [r.text for r in results]


def run(b):
    for title, pairs in (("chats, DialogSum", chats(b)), ("parts of meetings, QMSum", meetings(b))):
        table, answers = of_paragraphs(b, title, pairs)
        yield table
        lines_table, lines = of_lines(b, title, pairs)
        yield lines_table
        if title.startswith("chats"):
            both = [(text, f"{answer}\n*{line}*") for (text, answer), line in zip(answers, lines)]
            yield report.Examples("summarize, with the *headline*", b.first(both))
