# SPDX-License-Identifier: MIT
"""Tables and examples, as markdown and as JSON."""


class Table:
    """Rows of numbers and strings under @columns, of which the first names what was measured."""

    def __init__(self, title, columns, rows, note=""):
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"{title}: {len(row)} cells in {row}, {len(columns)} columns")
        self.title, self.columns, self.rows, self.note = title, columns, list(rows), note

    def markdown(self, note=True):
        lines = [f"**{self.title}**", "", line(self.columns), "|" + " --- |" * len(self.columns)]
        lines += [line(row) for row in self.rows]
        return "\n".join(lines + (["", self.note] if note and self.note else []))

    def json(self):
        return {"table": self.title, "columns": list(self.columns),
                "rows": [[round(x, 4) if isinstance(x, float) else x for x in row] for row in self.rows],
                "note": self.note}


class Examples:
    """What came out for what went in, unselected."""

    def __init__(self, title, pairs):
        self.title, self.pairs = title, list(pairs)

    def markdown(self):
        head = [f"**{self.title}: {len(self.pairs)} examples, the first by a fixed seed**", "",
                line(("given", "answered")), "| --- | --- |"]
        return "\n".join(head + [line(pair) for pair in self.pairs])

    def json(self):
        return {"examples": self.title, "pairs": [list(p) for p in self.pairs]}


def cell(x):
    if isinstance(x, float):
        return f"{x:.1f}"
    return str(x).replace("|", "\\|").replace("\n", "<br>")


def line(cells):
    return "| " + " | ".join(cell(c) for c in cells) + " |"


def tables(parts):
    """What several in a row have to say alike is said under the last of them."""
    own = [p for p in parts if isinstance(p, Table)]
    return [p.markdown(i + 1 == len(own) or own[i + 1].note != p.note) for i, p in enumerate(own)]


def markdown(sections):
    """[(title, [Table or Examples])]: results first, then examples."""
    out = ["## Results"]
    for title, parts in sections:
        out += [f"### {title}", *tables(parts)]
    out.append("## Examples")
    for _, parts in sections:
        out += [p.markdown() for p in parts if isinstance(p, Examples)]
    return "\n\n".join(out) + "\n"


def into_card(path, text):
    """Puts @text between the marks that the file at @path has for it."""
    begin, end = "<!-- make eval: begin -->", "<!-- make eval: end -->"
    with open(path, encoding="utf-8") as f:
        card = f.read()
    before, found, rest = card.partition(begin)
    after = rest.partition(end)[2]
    if not found or end not in rest:
        raise SystemExit(f"{path}: no line '{begin}' with '{end}' after it")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{before}{begin}\n{text}{end}{after}")
