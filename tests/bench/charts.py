# SPDX-License-Identifier: MIT
"""Horizontal bars as SVG, in colours that the page's style gives."""
from html import escape

WIDTH, LABEL, VALUE = 720, 180, 100
BAR, GAP, BETWEEN = 16, 4, 14


def number(x):
    """Three digits that count."""
    if x is None:
        return "–"
    digits = 0 if abs(x) >= 100 else 1 if abs(x) >= 10 else 2
    return f"{x:,.{digits}f}"


def bars(title, unit, groups, series, ceiling=None):
    """@groups: label and one (value, low, high, mark) for each name of @series, or None.

    The range of the rounds is a line over the bar's end; @mark, where it is not None, a
    stroke that the bar is to reach. Bars end at @ceiling, where one is given.
    """
    cells = [cell for _, row in groups for cell in row if cell]
    if not cells:
        return ""
    top = ceiling or max(max(v for v in cell if v is not None) for cell in cells) * 1.02
    space = WIDTH - LABEL - VALUE
    first = 34 if len(series) > 1 else 12
    height = sum(len(row) * (BAR + GAP) + BETWEEN for _, row in groups) + first
    out = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
           legend(series)]
    y = first
    for label, row in groups:
        middle = y + (len(row) * (BAR + GAP) - GAP) / 2
        out.append(f'<text class="label" x="{LABEL - 10}" y="{middle + 4:.1f}" '
                   f'text-anchor="end">{escape(label)}</text>')
        for i, cell in enumerate(row):
            out.append(bar(y, i, cell, lambda v: LABEL + space * min(v, top) / top, unit,
                           series[i]))
            y += BAR + GAP
        y += BETWEEN
    out.append(f'<line class="axis" x1="{LABEL}" x2="{LABEL}" y1="{first - 6}" '
               f'y2="{height - 8}"/></svg>')
    return (f'<figure><figcaption>{escape(title)} <span>{escape(unit)}</span></figcaption>'
            f'{"".join(out)}</figure>')


def legend(series):
    if len(series) < 2:
        return ""
    out, x = [], LABEL
    for i, name in enumerate(series):
        out.append(f'<rect class="s{i}" x="{x}" y="6" width="11" height="11" rx="2"/>'
                   f'<text x="{x + 16}" y="16">{escape(name)}</text>')
        x += 34 + 7.2 * len(name)
    return "".join(out)


def bar(y, i, cell, place, unit, name):
    if cell is None:
        return f'<text class="none" x="{LABEL + 6}" y="{y + 12}">not measured</text>'
    value, low, high, mark = cell
    end = place(value)
    tip = f"{name}: {number(value)} {unit}"
    if low is not None:
        tip += f", rounds {number(low)} to {number(high)}"
    out = [f'<g><title>{escape(tip)}</title>'
           f'<rect class="s{i}" x="{LABEL}" y="{y}" width="{max(end - LABEL, 1):.1f}" '
           f'height="{BAR}" rx="2"/>']
    if low is not None and high > low:
        out.append(f'<line class="range" x1="{place(low):.1f}" x2="{place(high):.1f}" '
                   f'y1="{y + BAR / 2}" y2="{y + BAR / 2}"/>')
        end = max(end, place(high))
    if mark is not None:
        out.append(f'<line class="mark" x1="{place(mark):.1f}" x2="{place(mark):.1f}" '
                   f'y1="{y - 3}" y2="{y + BAR + 3}"/>')
        end = max(end, place(mark))
    out.append(f'<text class="value" x="{end + 7:.1f}" y="{y + 12.5}">{number(value)}</text></g>')
    return "".join(out)
