# SPDX-License-Identifier: MIT
"""What the samples say: one row for each bound that the engine is to keep.

A row is a median over the rounds, with the lowest and the highest round beside it. A ratio is
that of the medians; its rounds are compared each with itself, so that a slow minute of the
machine, which both sides had, is not counted as spread.
"""
import dataclasses
import statistics

MAIN = "q4_0"
TYPES = ("q4_0", "q4_k", "q8_0")
UNSTEADY = 0.30     # a plain read that varies by more says that the machine was not quiet
NO_REFERENCE = "no reference engine was given"
DISTURBED = 0.05    # and so does more of its time for others, or for its host


@dataclasses.dataclass
class Row:
    name: str
    title: str
    type: str
    threads: int
    unit: str
    bound: float
    at_least: bool
    value: float = None
    low: float = None
    high: float = None
    reached: bool = None
    unavailable: str = None


class Missing(Exception):
    """There is no sample of a row; the reason."""


class Samples:
    def __init__(self, samples, failures):
        self.samples, self.failures = samples, failures

    def rounds(self, step, measurement, variant, kind, threads, value):
        """Round → the mean of its samples, what @value makes of each."""
        found = {}
        reason = self.failures.get((step, kind, threads), NO_REFERENCE if step == "reference"
                                   else "no sample")
        for s in self.samples:
            if (s["step"], s["type"], s["threads"]) != (step, kind, threads) or \
                    s["measurement"] != measurement or variant not in (None, s["variant"]):
                continue
            if "unavailable" in s:
                reason = s["unavailable"]
            else:
                found.setdefault(s["round"], []).append(value(s))
        if not found:
            raise Missing(reason)
        return {r: statistics.fmean(values) for r, values in found.items()}


def of(step, measurement, variant=None, value=lambda s: s["value"]):
    return lambda samples, kind, threads: samples.rounds(step, measurement, variant, kind,
                                                         threads, value)


def median(rounds):
    return statistics.median(rounds.values())


def spread(rounds):
    return min(rounds.values()), max(rounds.values())


def ratio(over, under, shown=lambda x: x):
    """Median over median; @shown turns a ratio into what the row says."""
    def compute(samples, kind, threads):
        a, b = over(samples, kind, threads), under(samples, kind, threads)
        each = {r: shown(a[r] / b[r]) for r in a if r in b}
        low, high = spread(each) if each else (None, None)
        return shown(median(a) / median(b)), low, high
    return compute


def alone(quantity, scale=1.0):
    def compute(samples, kind, threads):
        rounds = quantity(samples, kind, threads)
        low, high = spread(rounds)
        return scale * median(rounds), scale * low, scale * high
    return compute


def switch(samples, kind, threads):
    """Finding the other adapter, and what a token costs more than after the same one."""
    find = of("adapter", "adapter", "look up")(samples, kind, threads)
    same = of("adapter", "adapter", "token, same adapter")(samples, kind, threads)
    other = of("adapter", "adapter", "token, other adapter")(samples, kind, threads)
    each = {r: 1e3 * (find[r] + other[r] - same[r]) for r in find}
    low, high = spread(each)
    return max(median(each), 1e3 * median(find)), low, high


def stall(samples, kind, threads):
    """What loading adds to the longest token of a stream, in tokens of the same stream."""
    token = of("loading", "loading", "token, alone")(samples, kind, threads)
    before = of("loading", "loading", "longest token, alone")(samples, kind, threads)
    beside = of("loading", "loading", "longest token, loading")(samples, kind, threads)
    each = {r: (beside[r] - before[r]) / token[r] for r in token}
    low, high = spread(each)
    return median(each), low, high


def lost(x):
    return 100.0 * (1.0 - x)


def percent(x):
    return 100.0 * x


BASE = of("speed", "generation", "base")
READ = of("speed", "read")
PROMPT = of("speed", "prompt", "base")
BYTES = of("speed", "generation", "base", lambda s: s["value"] * s["token_bytes"])


def context(kv):
    return ratio(of("context", "context", kv,
                    lambda s: s["value"] * (s["token_bytes"] + s["kv_bytes"])),
                 of("context", "read"), percent)


# Name, title, unit, (bound by type), at least or at most, how it is computed.
SPECIFICATION = (
    ("prompt", "prompt, × the reference", "×", {"q4_0": 2.5, "q4_k": 2.5, "q8_0": 4.0}, True,
     ratio(PROMPT, of("reference", "prompt", "base"))),
    ("generation-read", "generation, of a plain read of its bytes", "%",
     {"q4_0": 90.0, "q4_k": 90.0, "q8_0": 90.0}, True, ratio(BYTES, READ, percent)),
    ("generation", "generation, × the reference", "×", {"q4_0": 1.3, "q4_k": 1.3, "q8_0": 1.0},
     True, ratio(BASE, of("reference", "generation", "base"))),
    ("adapter-generation", "generation lost with one adapter of rank 16", "%", {MAIN: 6.0}, False,
     ratio(of("speed", "generation", "adapter"), BASE, lost)),
    ("adapter-prompt", "prompt lost with one adapter of rank 16", "%", {MAIN: 5.0}, False,
     ratio(of("speed", "prompt", "adapter"), PROMPT, lost)),
    ("batch-4", "4 sequences with 4 adapters, × one after the other", "×", {MAIN: 3.0}, True,
     ratio(of("batch", "batch", "4 adapters, together"),
           of("batch", "batch", "4 adapters, in turn"))),
    ("batch-16", "16 sequences of one adapter, × one sequence", "×", {MAIN: 7.0}, True,
     ratio(of("batch", "batch", "16 of one adapter"), of("batch", "batch", "1 of one adapter"))),
    ("draft", "copy drafting, × plain generation", "×", {MAIN: 3.0}, True,
     ratio(of("draft", "draft", "drafted"), of("draft", "draft", "plain"))),
    ("switch", "adapter switch, resident", "ms", {MAIN: 1.0}, False, switch),
    ("load", "adapter switch, from the file, digest included", "ms", {MAIN: 50.0}, False,
     alone(of("adapter", "adapter", "load"), 1e3)),
    ("loading", "what loading adapters adds to the longest token of a stream, × a token", "×",
     {MAIN: 1.0}, False, stall),
    ("prefix", "first token behind a known prefix, × that of the new tokens alone", "×",
     {MAIN: 1.3}, False,
     ratio(of("prefix", "prefix", "known prefix"), of("prefix", "prefix", "new tokens alone"))),
    ("open", "opening the model, digest known", "ms", {MAIN: 300.0}, False,
     alone(of("open", "open", "ready"), 1e3)),
    ("open-memory", "anonymous memory after use, of the file", "%", {MAIN: 5.0}, False,
     alone(of("open", "open", "memory after use", lambda s: s["value"] / s["file_bytes"]), 100.0)),
    ("context-f16", "generation at 4,000 tokens of context, of what the bytes allow, f16", "%",
     {MAIN: 90.0}, True, context("f16")),
    ("context-q8_0", "generation at 4,000 tokens of context, of what the bytes allow, q8_0", "%",
     {MAIN: 90.0}, True, context("q8_0")),
    ("stolen", "generation beside a thief, of the share of processors left to it", "%",
     {MAIN: 80.0}, True,
     ratio(of("stolen", "stolen", "robbed", lambda s: s["value"] / s["share_left"]),
           of("stolen", "stolen", "alone"), percent)),
    ("train", "products of training an adapter, of what the registers do", "%", {MAIN: 35.0}, True,
     alone(of("train", "train", "step", lambda s: s["share"]), 100.0)),
    ("train-memory", "memory of training beyond the file", "GB", {MAIN: 2.5}, False,
     alone(of("train", "train", "memory beyond the file"), 1e-9)),
)


def build(samples, threads):
    """Every row of every number of threads, those without a sample too."""
    rows = []
    for n in threads:
        for name, title, unit, bounds, at_least, compute in SPECIFICATION:
            for kind, bound in bounds.items():
                row = Row(name, title, kind, n, unit, bound, at_least)
                try:
                    row.value, row.low, row.high = compute(samples, kind, n)
                    row.reached = row.value >= bound if at_least else row.value <= bound
                except Missing as reason:
                    row.unavailable = str(reason)
                rows.append(row)
    return rows


def warnings(samples, threads, disturbances):
    """What makes the figures doubtful."""
    found = []
    for who, name in (("others", "other processes"), ("host", "the host")):
        shares = [d[who] for d in disturbances if d[who] > DISTURBED]
        if shares:
            found.append(f"{name} took up to {percent(max(shares)):.0f} % of the machine's time "
                         f"in {len(shares)} of {len(disturbances)} processes")
    for n in threads:
        for kind in TYPES:
            try:
                low, high = spread(READ(samples, kind, n))
                middle = median(READ(samples, kind, n))
            except Missing:
                continue
            if high - low > UNSTEADY * middle:
                found.append(f"{kind}, {n} threads: the plain read varied by "
                             f"{percent((high - low) / middle):.0f} %, "
                             f"{low / 1e9:.1f} to {high / 1e9:.1f} GB/s: not a quiet machine")
    return found
