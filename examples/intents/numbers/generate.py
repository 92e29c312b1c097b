#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the tables of numbers in words, LANG.yaml beside this file, from ICU (python3-icu).

The words are those of CLDR (Unicode License V3), in all forms that count: of every gender and
case, with and without "and". What ICU cannot know stands below: how a half is said, and words
that people use beside the books'. Languages without rules in ICU have no table; digits always
work.
"""
import os
import re

import icu

# As the folders of the sentences are called.
LANGUAGES = """af ar bg bn ca cs da de de-CH el en es et eu fa fi fr ga gl gu he hi hr hu id is it
ja ka kn ko kw lb lt lv ml mn mr ms nb ne nl pl pt pt-br ro ru sk sl sr sr-Latn sv sw te th tr uk
ur vi zh-cn zh-hk zh-tw""".split()

# What follows a number when half of one is added.
HALVES = {
    "af": " en (|'n )half", "ar": " ونصف", "bg": " и половина", "ca": " i (mig|mitja)",
    "cs": " a půl", "da": " (en|og en) halv", "de": "[ [und ]](einhalb|ein halb)",
    "de-CH": "[ [und ]](einhalb|ein halb)", "el": " και (μισό|μισή)", "en": " and a half",
    "es": " y (medio|media)", "et": " ja pool", "fa": " و نیم", "fi": " ja puoli",
    "fr": " et (demi|demie)", "ga": " go leith", "he": " וחצי", "hr": " i pol", "hu": " és fél",
    "id": " setengah", "is": " og (hálf|hálfur|hálft)", "it": " e (mezzo|mezza)",
    "lt": " su puse", "lv": " ar pusi", "ms": " setengah", "nb": " og en halv",
    "nl": " en (|een )half", "pl": " i pół", "pt": " e (meio|meia)", "pt-br": " e (meio|meia)",
    "ro": " (și|şi) jumătate", "ru": " с половиной", "sk": " a pol", "sl": " in pol",
    "sr": " и по", "sr-Latn": " i po", "sv": " och en halv", "sw": " na nusu", "tr": " buçuk",
    "uk": " з половиною", "vi": " rưỡi",
}

# Beside what ICU says.
MORE = {
    "en": {100: ["a hundred"]},
    "de": {2: ["zwo"], 100: ["hundert"]}, "de-CH": {2: ["zwo"], 100: ["hundert"]},
    "fr": {70: ["septante"], 80: ["huitante", "octante"], 90: ["nonante"]},
    "nl": {1: ["één"]},
    "ja": {0: ["零", "ゼロ"]}, "zh-cn": {0: ["零"]}, "zh-hk": {0: ["零"]}, "zh-tw": {0: ["零"]},
}

# ICU 72 says "dvaset ena".
UNITS = "ena dva tri štiri pet šest sedem osem devet".split()
TENS = "dvajset trideset štirideset petdeset šestdeset sedemdeset osemdeset devetdeset".split()
MORE["sl"] = {10 * (t + 2): [ten] for t, ten in enumerate(TENS)}
MORE["sl"].update({10 * (t + 2) + u + 1: [f"{unit}in{ten}"]
                   for t, ten in enumerate(TENS) for u, unit in enumerate(UNITS)})


def rules(language):
    """The rule sets that count things, or none where ICU falls back on English."""
    locale = icu.Locale({"pt": "pt-PT"}.get(language, language))
    form = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, locale)
    found = form.getLocale(icu.ULocDataLocaleType.ACTUAL_LOCALE).getLanguage()
    wanted = {"zh-hk": "yue"}.get(language, language.split("-")[0])
    if found not in (wanted, "zh" if wanted == "yue" else wanted) or (
            found == "en" and wanted != "en"):
        return form, []
    names = [form.getRuleSetName(i) for i in range(form.getNumberOfRuleSetNames())]
    return form, [n for n in names if re.match("%spellout-(cardinal|numbering|construct)", n)
                  and not re.search("year|days|financial|plural", n)]


def plain(words):
    """As it is written by hand: without marks for hyphenation and widths."""
    return re.sub("[\u00ad\u200b\u200c\u200e\u200f]", "", words).replace("\u00a0", " ").strip()


def template(words):
    """What may be written in several ways becomes alternatives."""
    for mark, ways in (("-", "( |-|)" if words.isascii() else "( |-)"), ("ʼ", "(ʼ|'|’)"),
                       ("ş", "(ş|ș)"), ("ţ", "(ţ|ț)"), ("eén", "e(é|e)n"),
                       # "двайсет" is spoken, "двадесет" written.
                       ("айсет", "(айсет|адесет)"), ("ийсет", "(ийсет|идесет)"),
                       ("ейсет", "(ейсет|естдесет)")):
        words = words.replace(mark, ways)
    return words


def choice(templates):
    return templates[0] if len(templates) == 1 else "(" + "|".join(templates) + ")"


def forms(form, sets, number):
    return {plain(form.format(number, s)) for s in sets}


def half(language, form, sets):
    """The endings that make two two and a half, as in "point five"."""
    endings = set()
    for s in sets:
        two, more = plain(form.format(2, s)), plain(form.format(2.5, s))
        if more.startswith(two) and more != two:
            endings.add(template(more[len(two):]))
    own = [HALVES[language]] if language in HALVES else []
    return own + sorted(endings)


def write(folder, language):
    form, sets = rules(language)
    if not sets:
        return False
    with open(os.path.join(folder, language + ".yaml"), "w", encoding="utf-8") as f:
        f.write("# Numbers in words, by generate.py from the tables of CLDR (Unicode License V3)."
                f"\nlanguage: {language}\nnumbers:\n")
        halves = half(language, form, sets)
        if halves:
            f.write(f'  half: "{choice(halves)}"\n')
        for number in range(101):
            words = sorted(forms(form, sets, number) | set(MORE.get(language, {}).get(number, [])))
            f.write(f'  {number}: "{choice([template(w) for w in words])}"\n')
    return True


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    without = [language for language in LANGUAGES if not write(folder, language)]
    print("no rules for:", " ".join(without))


if __name__ == "__main__":
    main()
