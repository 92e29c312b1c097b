# SPDX-License-Identifier: MIT
"""How urgent notifications are: written by hand for nothing but this, and text messages that are spam or not."""
import collections
import os
import re

import bench
import harness
import notices
import report

TITLE = "Urgency of notifications"
NOTE = ("*Kind*: one of eleven. *Urgency*: low, normal or critical. The lines of notifications.txt were "
        "written when the tables were made; the choice of what they count looked at every other one.")
# What is found first, in this order.
WORDS = (("code", r"\bcode\b|\bpin\b|\bpasscode\b|\btan\b"),
         ("danger", r"\bfire\b|\bsmoke\b|\balarm\b|\bemergency\b|\baccident\b|\bhospital\b"),
         ("security", r"\bsign-?in\b|\blogin\b|\bpassword\b|\bsecurity\b|\bblocked\b|\bsuspicious\b"),
         ("spam", r"\bwon\b|\bprize\b|\bclaim\b|\bwinner\b|\bviagra\b"),
         ("deadline", r"\btoday\b|\bdue\b|\burgent\b|\bin \d+ minutes\b|\breminder\b|\bdeadline\b|\bnow\b"),
         ("promotion", r"\bsale\b|\boff\b|\boffer\b|\bfree\b|\bdeal\b"),
         ("social", r"\bliked?\b|\bfollow\w*\b|\bcommented\b"),
         ("system", r"\bupdates?\b|\binstalled\b|\bdownload\w*\b|\bconnected\b|\bcomplete\b"),
         ("news", r"\border\b|\binvoice\b|\bappointment\b|\bdelivery\b|\bparcel\b|\bpayment\b"),
         ("question", r"\?"))


def by_words(text):
    return next((kind for kind, words in WORDS if re.search(words, text, re.I)), "message")


def sorted_by_service(b, items):
    """[(kind, urgency, line)] of (app, summary, body), each by itself."""
    dbus = harness.dbus
    out, sources = [], collections.Counter()
    for app, summary, body in items:
        item = dbus.Dictionary({"id": dbus.UInt32(1), "app": app, "summary": summary, "body": body}, signature="sv")
        options = dbus.Dictionary({"items": dbus.Array([item], signature="a{sv}")}, signature="sv")
        text, results = b.service.interface().Run("notifications", "", options, timeout=harness.PATIENCE)
        group = results["groups"][0]
        out.append((str(group["kind"]), int(group["urgency"]), str(text).strip()))
        sources[str(results["source"])] += 1
    return out, sources.most_common(1)[0][0]


def share(have, want):
    return 100 * sum(a == w for a, w in zip(have, want)) / len(want)


def macro_f1(have, want):
    scores = []
    for kind in set(want):
        right = sum(a == w == kind for a, w in zip(have, want))
        scores.append(200 * right / max(have.count(kind) + want.count(kind), 1))
    return sum(scores) / len(scores)


def row(name, kinds, want, levels=None, source=""):
    levels = levels or [notices.LEVELS[k] for k in kinds]
    return (name, share(kinds, want), macro_f1(kinds, want), share(levels, [notices.LEVELS[k] for k in want]), source)


def by_hand(b):
    lines = b.lines(os.path.join(b.source, "tests", "eval", "notifications.txt"))
    items = [line.split("|") for line in lines]
    want = [i[0] for i in items]
    got, source = sorted_by_service(b, [i[1:] for i in items])
    common = collections.Counter(want).most_common(1)[0][0]
    rows = [row("always the most frequent", [common] * len(want), want),
            row("words of a list", [by_words("\n".join(i[1:])) for i in items], want),
            row("the service", [g[0] for g in got], want, [g[1] for g in got], source)]
    return (report.Table(f"notifications written by hand ({len(items)})", ("", "kind", "macro F1", "urgency", "source"),
                         rows, NOTE), [(": ".join(i[1:]), g[2]) for i, g in zip(items, got)])


def spam(b):
    """Every fifth of each label, which the tables have not seen."""
    texts = {"ham": [], "spam": []}
    for line in b.lines(b.data("sms-spam", "dev.tsv")):
        label, text = line.split("\t", 1)
        texts[label].append(text)
    held = [(t, label == "spam") for label in texts for t in texts[label][::5]]
    got, source = sorted_by_service(b, [("Messages", "", t) for t, _ in held])
    want = [s for _, s in held]

    def row(name, found, source=""):
        hits = sum(f and w for f, w in zip(found, want))
        return (name, share(found, want), 100 * hits / sum(want), 100 * hits / max(sum(found), 1), source)
    rows = [row("never spam", [False] * len(want)),
            row("words of a list", [by_words(t) in ("spam", "promotion") for t, _ in held]),
            row("the service (spam or promotion)", [g[0] in ("spam", "promotion") for g in got], source)]
    return report.Table(f"text messages, SMS Spam ({len(want)})", ("", "right", "spam found", "found is spam", "source"),
                        rows, "In percent; every fifth message, held out.")


def run(b):
    table, pairs = by_hand(b)
    yield table
    yield spam(b)
    yield report.Examples("notifications", b.first(pairs))
