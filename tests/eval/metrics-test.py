# SPDX-License-Identifier: MIT
"""The measures of `make eval`, on examples that were worked out by hand."""
import math
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.abspath(os.environ["srcdir"]), "tests", "eval"))
import metrics  # noqa: E402
import report  # noqa: E402
import style  # noqa: E402

failures = 0


def equal(what, got, want):
    global failures
    ok = math.isclose(got, want, abs_tol=1e-9) if isinstance(want, float) else got == want
    failures += not ok
    print(f"{'ok' if ok else 'NOT OK'}: {what}: {got!r}, expected {want!r}")


def check_rouge():
    """The example of Lin's paper: one and the same bigram, but another order."""
    for answer, two, longest in (("police kill the gunman", 1, 3), ("the gunman kill police", 1, 2)):
        got = metrics.rouge(answer, "Police killed the gunman.")
        equal(f"ROUGE-1 of '{answer}'", got["1"], 100 * 3 / 4)
        equal(f"ROUGE-2 of '{answer}'", got["2"], 100 * two / 3)
        equal(f"ROUGE-L of '{answer}'", got["L"], 100 * longest / 4)
    short = metrics.rouge("the gunman", "police killed the gunman")
    equal("ROUGE-1 of half a sentence", short["1"], 100 * 2 * 2 / (2 + 4))
    equal("ROUGE-L of nothing", metrics.rouge("", "police")["L"], 0.0)
    equal("the best of two references", metrics.mean_rouge(["a b"], [["c d", "a b"]])["2"], 100.0)
    equal("a word that is said twice counts twice", metrics.rouge("a a b", "a b b")["1"], 100 * 2 / 3)


def check_gleu():
    s, r = "a b c d e f".split(), "a b x d e f".split()
    equal("what the reference says", metrics.gleu_counts(s, r, r), [6, 6, 6, 6, 5, 5, 4, 4, 3, 3])
    # Of what was left: c counts against it, so do bc and cd, abc, bcd and cde, and so on.
    equal("what was left as it was", metrics.gleu_counts(s, r, s),
          [6, 6, 5 - 1, 6, 3 - 2, 5, 0, 4, 0, 3])
    equal("the reference's share", metrics.gleu([s], [[r]], [r]), 100.0)
    # "a b x d e": nothing wrong is left, one word is missing.
    equal("a short answer", metrics.gleu([s], [[r]], [r[:5]]), 100 * math.exp(1 - 6 / 5))
    # "a b x d e c": 5 of 6 words less the c that was to go; pairs ab bx xd de of 5; and so on.
    equal("one word too many", metrics.gleu([s], [[r]], [r[:5] + ["c"]]),
          100 * math.exp((math.log(4 / 6) + math.log(4 / 5) + math.log(3 / 4) + math.log(2 / 3)) / 4))
    equal("the same each time", metrics.gleu([s, s], [[r, s], [s, r]], [r, r]),
          metrics.gleu([s, s], [[r, s], [s, r]], [r, r]))


def check_facts():
    source = "Anna pays 20 euros on 3 May, at 10:30."
    equal("no fact from nowhere", metrics.unsupported(source, "On 3 May, at 10:30, Anna pays 20."), [])
    equal("a number and a name", metrics.unsupported(source, "At 10:45 the boss, Bert, pays 20."),
          ["10:45", "Bert"])


def check_style():
    rows = [("rude", f"you {w} fool") for w in ("old", "big", "sad")] * 9
    rows += [("kind", f"you {w} friend") for w in ("old", "big", "sad")] * 9
    c = style.Classifier().train(rows)
    equal("who is rude", [c.best("my big fool"), c.best("my big friend")], ["rude", "kind"])
    equal("all that was trained on", c.accuracy(rows), 100.0)
    equal("shares sum up", sum(c.shares("a fool").values()), 1.0)


def check_report():
    table = report.Table("t", ("", "n"), [("a|b", 1.25)], "note")
    text = report.markdown([("One", [table, report.Examples("e", [("x\ny", "z")])])])
    twice = report.markdown([("One", [table, table])])
    equal("a note for two tables", twice.count("note"), 1)
    equal("a cell", "| a\\|b | 1.2 |" in text and "| x<br>y | z |" in text, True)
    with tempfile.NamedTemporaryFile("w+", suffix=".md") as f:
        f.write("before\n<!-- make eval: begin -->\nold\n<!-- make eval: end -->\nafter\n")
        f.flush()
        for _ in range(2):
            report.into_card(f.name, text)
        with open(f.name, encoding="utf-8") as again:
            card = again.read()
    equal("a card keeps what it is not", card,
          f"before\n<!-- make eval: begin -->\n{text}<!-- make eval: end -->\nafter\n")
    try:
        report.Table("t", ("", "n"), [("a",)])
        equal("a row that is too short", "taken", "refused")
    except ValueError as error:
        equal("a row that is too short", "1 cells" in str(error), True)


for check in (check_rouge, check_gleu, check_facts, check_style, check_report):
    check()
sys.exit(failures > 0)
