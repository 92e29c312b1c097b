# SPDX-License-Identifier: MIT
"""What a correction or a rewrite did to a text, counted word by word."""
import json
import re
import subprocess

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|\S")
FUNCTION_WORDS = set("""a an the and or but so if as of to in on at by for from with about into than
then that this these those it its is are was were be been being am do does did have has had will would
can could shall should may might must not no yes i me you he him she we us they
them there here what when where who which why how i'm i'll i'd i've don't can't won't isn't it's
let's please just really very some any all more also too now again because since""".split())
MARKERS = {
    "friendly": re.compile(r"!|\b(hi|hey|hello|thank you so|thanks|hope|love|lovely|sorry|great|happy|"
                           r"could you|would you|can you|let's|shall we|good news|looking forward)\b", re.I),
    "professional": re.compile(r"\b(please|would|could|may i|kindly|kind|dear|regret|apolog\w+|"
                               r"appreciate\w*|inform|note|confirm\w*|unable|unfortunately|grateful|"
                               r"thank you|pleased|afraid|reviewed|forwarded|follow up|invited)\b", re.I),
}


def tokens(text):
    return TOKEN.findall(text)


def align(a, b):
    """For each token of @a the index of its partner in @b or None: a longest common subsequence."""
    n, m = len(a), len(b)
    best = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best[i][j] = (best[i + 1][j + 1] + 1 if a[i] == b[j]
                          else max(best[i + 1][j], best[i][j + 1]))
    partner, i, j = [None] * n, 0, 0
    while i < n and j < m:
        if a[i] == b[j]:
            partner[i] = j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return partner


def gaps(a, b):
    """The spans (from, to, from, to) of @a and @b that differ."""
    out, i, j = [], 0, 0
    for at, to in enumerate(align(a, b) + [len(b)]):
        if to is not None:
            if at > i or to > j:
                out.append((i, at, j, to))
            i, j = at + 1, to + 1
    return out


class Corrections:
    """Sums over sentences: what was wrong, what was right, and what became of both."""

    def __init__(self):
        self.errors = self.repaired = 0
        self.words = self.damaged = 0
        self.clean = self.untouched = 0
        self.wrong_before = self.wrong_after = 0

    def add(self, wrong, right, answer):
        if wrong == right:
            self.clean += 1
            self.untouched += answer == right
        a = tokens(right)
        errors = gaps(a, tokens(wrong))
        changes = gaps(a, tokens(answer))
        self.errors += len(errors)
        self.wrong_before += sum(max(e - s, y - x) for s, e, x, y in errors)
        self.wrong_after += sum(max(e - s, y - x) for s, e, x, y in changes)
        in_error = set()
        for s, e, _, _ in errors:
            in_error.update(range(s, e))
            self.repaired += not any(touch(s, e, x, y) for x, y, _, _ in changes)
        self.words += len(a) - len(in_error)
        for x, y, from_b, to_b in changes:
            if any(touch(s, e, x, y) for s, e, _, _ in errors):
                self.damaged += sum(i not in in_error for i in range(x, y))
            else:
                self.damaged += max(y - x, to_b - from_b)

    def shares(self):
        """Errors repaired, right words kept, clean sentences untouched, wrong words for one
        wrong word before; in percent."""
        return (100 * self.repaired / max(self.errors, 1),
                100 * (1 - self.damaged / max(self.words, 1)),
                100 * self.untouched / max(self.clean, 1),
                100 * self.wrong_after / max(self.wrong_before, 1))


def touch(s, e, x, y):
    """Two spans overlap; an empty one lies between two words and touches at its place."""
    return (x <= s <= y) if s == e else (s <= x <= e) if x == y else (x < e and s < y)


def content(text):
    return [t for t in (w.lower() for w in tokens(text)) if t[0].isalnum() and t not in FUNCTION_WORDS]


class Rewrites:
    """Sums over messages: words that had to stay, words from nowhere, the register's marks."""

    def __init__(self, style, vocabulary):
        self.style, self.vocabulary = style, vocabulary
        self.n = self.keep = self.kept = self.intact = self.invented = self.marked = self.same = 0
        self.words_in = self.words_out = 0

    def add(self, text, keep, answer):
        have = set(content(answer))
        keep = [w.lower() for w in keep]
        missing = [w for w in keep if w not in have]
        known = set(content(text)) | self.vocabulary
        invented = [w for w in have if w not in known]
        self.n += 1
        self.keep += len(keep)
        self.kept += len(keep) - len(missing)
        self.invented += bool(invented)
        self.intact += not missing and not invented
        self.same += answer == text
        self.words_in += len(text.split())
        self.words_out += len(answer.split())
        self.marked += self.is_marked(text, answer)

    def is_marked(self, text, answer):
        if self.style == "concise":
            return len(answer.split()) < len(text.split())
        return bool(MARKERS[self.style].search(answer))

    def shares(self):
        """Content words kept, messages intact, with an invented word, with the register's marks,
        left as they were, in percent; words out per word in."""
        n = max(self.n, 1)
        return (100 * self.kept / max(self.keep, 1), 100 * self.intact / n, 100 * self.invented / n,
                100 * self.marked / n, 100 * self.same / n, self.words_out / max(self.words_in, 1))


def bound(program, texts, answers):
    """The answers without what the service takes back of them; @program is tests/tiny/bound."""
    lines = "".join(json.dumps({"text": t, "answer": a.strip() or t}) + "\n" for t, a in zip(texts, answers))
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["result"] for line in run.stdout.splitlines()]


def complete(engine, base, adapter, prompts, threads=1):
    """The answers of a model, with an adapter unless None; "" where a prompt was too long."""
    command = [engine, "complete", base, "--threads", str(threads), "--max", "160"]
    if adapter:
        command += ["--lora", adapter]
    lines = "".join(json.dumps({"prompt": p}) + "\n" for p in prompts)
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line).get("completion", "") for line in run.stdout.splitlines()]
