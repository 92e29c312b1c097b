#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws sentences from the templates of a language, with what each must be understood as.

usage: sample.py FOLDER OUT [SENTENCES [ENTITIES [SEED]]]

Knows the format on its own and nothing of the matcher. Writes OUT.things (list, name, what the
slot is given, key=value...) and OUT.said (sentence, intent, context as key=value joined by
commas, slot=value...), both with tabs between.
"""
import pathlib
import random
import re
import sys

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
AREAS = ["kitchen", "living room", "bath", "upper hall", "office"]
FLOORS = ["first", "ground floor"]
EDGE = "\x01"  # of a number: two numbers side by side are one


class Unsayable(Exception):
    """The template leads to a rule or list that is not there."""


def parse(text):
    """A template as nested tuples: (kind, ...)."""
    node, at = parse_choice(text, 0, None)
    assert at == len(text), text
    return node


def parse_choice(text, at, end):
    parts, split = [], None
    items = []
    while True:
        if at == len(text) or text[at] in "|;" or (end and text[at] == end):
            parts.append(("seq", items))
            items = []
            if at == len(text) or (end and text[at] == end):
                break
            split = text[at]
            at += 1
        elif text[at] in "[(":
            close = "]" if text[at] == "[" else ")"
            node, after = parse_choice(text, at + 1, close)
            assert after < len(text) and text[after] == close, text
            items.append(("opt", node) if close == "]" else node)
            at = after + 1
        elif text[at] in "<{":
            after = text.index(">" if text[at] == "<" else "}", at)
            name = text[at + 1:after]
            if text[at] == "<":
                items.append(("rule", name))
            else:
                name, _, slot = name.partition(":")
                items.append(("list", name, slot or name))
            at = after + 1
        else:
            if text[at] == "\\":
                at += 1
            items.append(("text", text[at]))
            at += 1
    return ("perm" if split == ";" else "alt", parts), at


class Language:
    def __init__(self, folder):
        self.rules, self.lists, self.blocks, self.skip = {}, {}, [], []
        self.blankless = False
        for path in sorted(folder.rglob("*.yaml")):
            self.load(path, folder)

    def load(self, path, folder):
        doc = yaml.load(path.read_text(), LOADER)
        self.rules.update(doc.get("expansion_rules") or {})
        self.lists.update(doc.get("lists") or {})
        self.skip += doc.get("skip_words") or []
        self.blankless |= bool((doc.get("settings") or {}).get("ignore_whitespace"))
        for intent, body in (doc.get("intents") or {}).items():
            self.blocks += [(intent, block) for block in body["data"]]
        if path.parent != folder:
            self.blocks += [(path.parent.name, block) for block in doc.get("data") or []]


def as_list(v):
    return v if isinstance(v, list) else [v]


def required(block):
    """What the block asks of the context: key to values, None for any."""
    asked = {}
    for key, v in (block.get("requires_context") or {}).items():
        v = v.get("value") if isinstance(v, dict) else v
        asked[key] = None if v is None else [str(x) for x in as_list(v)]
    if "name_domains" in block:
        asked["domain"] = block["name_domains"]
    return asked


def excluded(block):
    return {key: [str(x) for x in as_list(v)]
            for key, v in (block.get("excludes_context") or {}).items()}


def fits(context, block):
    for key, values in required(block).items():
        if key == "area":
            continue
        if key not in context or (values and context[key] not in values):
            return False
    return not any(context.get(key) in values for key, values in excluded(block).items())


def things_of(language, count):
    """Devices of each kind that some block asks for, and more of them up to @count."""
    kinds = [{"domain": "light"}]
    for _, block in language.blocks:
        asked = required(block)
        for domain in asked.get("domain") or ["light"]:
            kind = {"domain": domain}
            for value in (asked.get("device_class") or [None])[:1]:
                if value:
                    kind["device_class"] = value
            if kind not in kinds:
                kinds.append(kind)
    first = ["gizmo", "desk", "large old", "zorba", "second", "tall"]
    second = ["lamp", "thing", "unit", "wobble", "box", "panel", "post"]
    things = []
    for i in range(max(count, len(kinds))):
        name = "%s %s %c%c" % (first[i % 6], second[i % 7], 97 + i // 26 % 26, 97 + i % 26)
        things.append((name, "id%d" % i, kinds[i % len(kinds)]))
    return things


class Said:
    """One sentence being drawn."""

    def __init__(self, language, block, things, rng):
        self.language, self.block, self.rng = language, block, rng
        self.things = things
        self.rules = block.get("expansion_rules") or {}
        self.slots, self.context = [], {}

    def say(self, node):
        kind = node[0]
        if kind == "text":
            return node[1]
        if kind == "seq":
            return "".join(self.say(n) for n in node[1])
        if kind == "alt":
            return self.say(self.rng.choice(node[1]))
        if kind == "opt":
            return self.say(node[1]) if self.rng.random() < 0.5 else ""
        if kind == "perm":
            members = node[1][:]
            self.rng.shuffle(members)
            return " ".join(self.say(n) for n in members)
        if kind == "rule":
            rule = self.rules.get(node[1], self.language.rules.get(node[1]))
            if rule is None:
                raise Unsayable(node[1])
            return self.say(parse(rule))
        return self.say_list(node[1], node[2])

    def say_list(self, name, slot):
        if name == "name":
            fitting = [t for t in self.things if fits(t[2], self.block)]
            if not fitting:
                raise Unsayable(name)
            text, value, self.context = self.rng.choice(fitting)
        elif name in ("area", "floor"):
            text = value = self.rng.choice(AREAS if name == "area" else FLOORS)
        elif name not in self.language.lists:
            raise Unsayable(name)
        else:
            text, value = self.say_value(self.language.lists[name])
        self.slots.append((slot, value))
        return text

    def say_value(self, values):
        if values.get("wildcard"):
            text = self.rng.choice(["xylophone", "blue suede shoes"])
            return text, text
        if "range" in values:
            r = values["range"]
            n = self.rng.randrange(r["from"], r["to"] + 1, r.get("step", 1))
            half = r.get("fractions") and n < r["to"] and self.rng.random() < 0.2
            number = "%d.5" % n if half else str(n)
            return EDGE + number + EDGE, number
        if not values.get("values"):
            raise Unsayable("empty list")
        value = self.rng.choice(values["values"])
        if not isinstance(value, dict):
            value = {"in": value}
        text = self.say(parse(str(value["in"])))
        out = value.get("out")
        out = tidy(text) if out is None else ",".join(str(x) for x in as_list(out))
        if not tidy(text):
            raise Unsayable("value without words")
        return text, out


def tidy(text):
    return " ".join(text.split())


def keyword_there(said, text):
    words = said.block.get("required_keywords")
    for word in words or []:
        for _ in range(20):
            if re.search(r"(?<!\w)%s(?!\w)" % re.escape(said.say(parse(word))), text, re.I):
                return True
    return not words


def draw(language, intent, block, template, things, rng):
    said = Said(language, block, things, rng)
    text = said.say(parse(template))
    names = [slot for slot, _ in said.slots]
    if re.search(r"%s%s|\d%s\d" % (EDGE, EDGE, EDGE), text) or len(names) > len(set(names)):
        raise Unsayable(template)
    text = tidy(text.replace(EDGE, ""))
    context = {"area": "kitchen"}
    for key, values in required(block).items():
        if key not in said.context:
            context[key] = values[0] if values else "kitchen"
    if not text or not keyword_there(said, text) or not fits({**context, **said.context}, block):
        raise Unsayable(template)
    slots = dict(said.slots)
    for key, value in (block.get("slots") or {}).items():
        if value is not None:
            slots.setdefault(key, ",".join(str(x) for x in as_list(value)))
    if "inferred_domain" in block:
        slots.setdefault("domain", block["inferred_domain"])
    for key, value in (block.get("requires_context") or {}).items():
        if isinstance(value, dict) and value.get("slot"):
            slots.setdefault(key, context[key])
    return text, intent, context, slots


def main():
    folder, out = pathlib.Path(sys.argv[1]), sys.argv[2]
    want, count, seed = (int(x) for x in (sys.argv[3:] + ["200", "500", "1"])[:3])
    rng = random.Random(seed)
    language = Language(folder)
    things = things_of(language, count)
    with open(out + ".things", "w") as f:
        for name, value, context in things:
            print("name", name, value, *("%s=%s" % kv for kv in context.items()), sep="\t", file=f)
        for name, values in (("area", AREAS), ("floor", FLOORS)):
            for value in values:
                print(name, value, value, sep="\t", file=f)
    pool = [(i, b, t) for i, b in language.blocks for t in b.get("sentences") or []]
    lines, tries = [], 0
    while pool and len(lines) < want and tries < 20 * want:
        tries += 1
        try:
            text, intent, context, slots = draw(language, *rng.choice(pool), things, rng)
        except Unsayable:
            continue
        lines.append("\t".join([text, intent, ",".join("%s=%s" % kv for kv in context.items())] +
                               ["%s=%s" % kv for kv in slots.items()]))
    with open(out + ".said", "w") as f:
        f.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    main()
