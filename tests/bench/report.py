# SPDX-License-Identifier: MIT
"""The results as one page that needs nothing else: tables, and charts as SVG."""
import statistics
from html import escape

import charts
import rows
from charts import number

CEILING = 200.0     # percent of a bound that a bar can show
STYLE = """
:root { color-scheme: light dark; --page: #fcfcfa; --card: #fff; --ink: #1d2129; --soft: #5c6470;
 --line: #dcdfe4; --s0: #2463b8; --s1: #d9822b; --s2: #97a0ac; --s3: #2f8f6b; --good: #1a7a45;
 --bad: #b3261e; --mark: #1d2129; }
@media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1c1f25; --ink: #e6e8ec;
 --soft: #9aa3b0; --line: #343942; --s0: #6aa5f0; --s1: #f0a65a; --s2: #6c7582; --s3: #5cc49b;
 --good: #66cf94; --bad: #ff8a80; --mark: #e6e8ec; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 20px 60px; max-width: 1040px; background: var(--page);
 color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 10px; }
p { margin: 6px 0; } .soft { color: var(--soft); }
.warning { border-left: 4px solid var(--s1); padding: 6px 12px; background: var(--card); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; background: var(--card); font-size: 14px; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
figure { margin: 14px 0; padding: 14px 16px 6px; background: var(--card);
 border: 1px solid var(--line); border-radius: 8px; }
figcaption { font-weight: 600; } figcaption span { color: var(--soft); font-weight: 400; }
summary { cursor: pointer; padding: 4px 0; font-weight: 600; }
svg { width: 100%; height: auto; display: block; font: 12.5px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .none { fill: var(--soft); font-style: italic; }
svg .value { font-variant-numeric: tabular-nums; }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); }
.axis { stroke: var(--line); } .range { stroke: var(--ink); stroke-width: 1.5; opacity: .55; }
.mark { stroke: var(--mark); stroke-width: 2; stroke-dasharray: 3 2; }
"""


def bound(row):
    return f"{'≥' if row['at_least'] else '≤'} {row['bound']:g} {row['unit']}"


def verdict(row):
    return {True: "reached", False: "not reached", None: "not measured"}[row["reached"]]


def line(row):
    """A row for a terminal."""
    head = f"{row['name']:19} {row['type']:5} {row['threads']} threads  "
    if row["value"] is None:
        return head + f"not measured: {row['unavailable']}"
    return head + (f"{number(row['value']):>9} {row['unit']:3} "
                   f"({number(row['low'])} to {number(row['high'])})  {bound(row):>9}  "
                   f"{verdict(row)}")


def table(head, body):
    """Cells are text, or (class, text)."""
    def cells(tag, row):
        return "".join(f'<{tag} class="{c[0]}">{escape(c[1])}</{tag}>' if isinstance(c, tuple)
                       else f"<{tag}>{escape(c)}</{tag}>" for c in row)
    return ('<div class="scroll"><table><thead><tr>' + cells("th", head) + "</tr></thead><tbody>" +
            "".join(f"<tr>{cells('td', row)}</tr>" for row in body) + "</tbody></table></div>")


def bounds_table(result, threads):
    body = []
    for row in result["rows"]:
        if row["threads"] != threads:
            continue
        if row["value"] is None:
            body.append((row["title"], row["type"], ("n", "–"), ("n", ""), ("n", bound(row)),
                         ("soft", "not measured: " + row["unavailable"])))
            continue
        body.append((row["title"], row["type"], ("n", f"{number(row['value'])} {row['unit']}"),
                     ("n", f"{number(row['low'])} – {number(row['high'])}"), ("n", bound(row)),
                     ("good" if row["reached"] else "bad", verdict(row))))
    return table(("figure", "weights", ("n", "median"), ("n", "rounds"), ("n", "bound"), ""), body)


class Values:
    """Medians of the samples, with the lowest and the highest."""

    def __init__(self, result):
        self.samples = [s for s in result["samples"] if "value" in s]

    def cell(self, threads, step, measurement, variant=None, kind=rows.MAIN,
             value=lambda s: s["value"], mark=None):
        found = [value(s) for s in self.samples
                 if (s["threads"], s["step"], s["measurement"], s["type"]) ==
                 (threads, step, measurement, kind) and variant in (None, s["variant"])]
        return (statistics.median(found), min(found), max(found), mark) if found else None


def speed_charts(values, threads):
    """Prompt and generation beside the reference, and generation beside the read."""
    def token_bytes(kind):
        cell = values.cell(threads, "speed", "generation", "base", kind,
                           lambda s: s["token_bytes"])
        return cell[0] if cell else 1.0

    out = []
    for measurement, title in (("prompt", "Prompt"), ("generation", "Generation")):
        names = ["this engine", "with an adapter", "reference"]
        groups = []
        for kind in rows.TYPES:
            row = [values.cell(threads, "speed", measurement, "base", kind),
                   values.cell(threads, "speed", measurement, "adapter", kind),
                   values.cell(threads, "reference", measurement, "base", kind)]
            if measurement == "generation":
                row.append(values.cell(threads, "speed", "read", None, kind,
                                       lambda s, k=kind: s["value"] / token_bytes(k)))
            groups.append((kind, row))
        if measurement == "generation":
            names.append("plain read of its bytes")
        out.append(charts.bars(f"{title}, {threads} threads", "tokens/s", groups, names))
    return "".join(out)


def bound_chart(result, threads, at_least):
    """Rows of both kinds as a share of their bounds: what a look should tell."""
    groups = []
    for row in result["rows"]:
        if row["threads"] != threads or row["value"] is None or row["at_least"] != at_least:
            continue
        scale = 100.0 / row["bound"]
        cell = [max(scale * row[k], 0.0) for k in ("value", "low", "high")]
        groups.append((f"{row['name']} {row['type']}", [(*cell, 100.0)]))
    return charts.bars(f"What is to be {'high' if at_least else 'low'}, of its bound, "
                       f"{threads} threads", "%", groups, ["of the bound"], CEILING)


def batch_chart(values, threads):
    names = ("4 adapters, in turn", "4 adapters, together", "1 of one adapter",
             "16 of one adapter")
    groups = [(name, [values.cell(threads, "batch", "batch", name)]) for name in names]
    if not any(row[0] for _, row in groups):
        return ""
    return charts.bars(f"Several sequences, {threads} threads", "tokens/s together", groups,
                       ["this engine"])


def peaks_table(values, result):
    """What the machine does at most, and the share of it that a prompt uses."""
    body = []
    weights = {(run["type"], run["threads"]): run.get("weights") for run in result["runs"]}
    for threads in result["settings"]["threads"]:
        for kind in rows.TYPES:
            read = values.cell(threads, "speed", "read", None, kind)
            peak = values.cell(threads, "speed", "int8", None, kind)
            prompt = values.cell(threads, "speed", "prompt", "base", kind)
            if not read or not prompt:
                continue
            used = 2.0 * prompt[0] * (weights.get((kind, threads)) or 0)
            body.append((kind, ("n", str(threads)), ("n", number(read[0] / 1e9)),
                         ("n", f"{number(read[1] / 1e9)} – {number(read[2] / 1e9)}"),
                         ("n", number(peak[0] / 1e12) if peak else "–"),
                         ("n", number(used / 1e12)),
                         ("n", f"{100 * used / peak[0]:.0f} %" if peak else "–")))
    return table(("weights", ("n", "threads"), ("n", "read, GB/s"), ("n", "rounds"),
                  ("n", "int8 peak, Top/s"), ("n", "prompt, Top/s"), ("n", "of the peak")), body)


def kernel_kind(k):
    if k["rows"] == 1:
        return "Elementwise"
    attention = k["kernel"].startswith(("score", "mix"))
    return f"{'Attention' if attention else 'Products'}, {k['vectors']} at once"


def kernel_charts(kernels):
    """A chart for each kind of loop and number of vectors; the first one is open."""
    out = []
    sets = list(dict.fromkeys(k["set"] for k in kernels))
    for kind in dict.fromkeys(map(kernel_kind, kernels)):
        speeds = {(k["set"], k["kernel"]): 1e-9 * k["operations"] / k["seconds"]
                  for k in kernels if kernel_kind(k) == kind}
        groups = [(name, [(speeds[s, name], None, None, None) if (s, name) in speeds else None
                          for s in sets]) for name in dict.fromkeys(n for _, n in speeds)]
        chart = charts.bars(f"{kind}, one thread", "Gop/s", groups, sets)
        out.append(f"<details{'' if out else ' open'}><summary>{escape(kind)}</summary>"
                   f"{chart}</details>")
    return "".join(out)


def page(result):
    values = Values(result)
    settings, machine = result["settings"], result["machine"]
    measured = [row for row in result["rows"] if row["reached"] is not None]
    reached = sum(row["reached"] for row in measured)
    body = [
        "<h1>Speed and memory of the engine</h1>",
        f'<p class="soft">{escape(result["begin"])} · {escape(machine["processor"])}, '
        f'{machine["processors"]} processors, {machine["memory_bytes"] / 2**30:.0f} GiB · '
        f'{escape(machine["system"])} · {settings["rounds"]} rounds</p>',
        f"<p>{reached} of {len(measured)} measured bounds reached; "
        f"{len(result['rows']) - len(measured)} not measured. Medians of the rounds; the line "
        "over a bar spans the rounds, a dashed stroke is a bound.</p>",
    ]
    body += [f'<p class="warning">{escape(text)}</p>'
             for text in result["warnings"]]
    for threads in settings["threads"]:
        body += [f"<h2>{threads} threads</h2>", bounds_table(result, threads),
                 bound_chart(result, threads, True), bound_chart(result, threads, False),
                 speed_charts(values, threads), batch_chart(values, threads)]
    body += ["<h2>What the machine could do</h2>", peaks_table(values, result),
             "<h2>Kernels by themselves</h2>",
             '<p class="soft">Two operations for each weight and vector, one for each '
             "element; data of a megabyte or less, so from the cache.</p>", kernel_charts(result["kernels"])]
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Speed and memory of the engine</title><style>{STYLE}</style></head><body>"
            f'{"".join(body)}</body></html>\n')
