#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proofreading by choosing: changes have their kinds, what is right stays, and where there is no
dictionary an adapter writes instead."""

import harness
from harness import Request, wait_for

# What every model that is shipped has to find, and to leave alone.
WRONG = {
    "The meeting is on Wendsday.": "The meeting is on Wednesday.",
    "i recieved teh letter this morning.": "I received the letter this morning.",
    "We will meet tommorow at the the station.": "We will meet tomorrow at the station.",
    "It was a very beatiful house , and we liked it alot.":
        "It was a very beautiful house, and we liked it a lot.",
}
RIGHT = ("She had been waiting for him in the garden all the afternoon.",
         "See example.com/path or mail bob@example.org about foo_bar v1.2 and XKCD.",
         "Bring:\nmilk\neggs\nbread",
         "We walked along the river until it grew\ndark, and then went home again.",
         "Chapter 12: 345 + 67 = 412…",
         "We restarted systemd, and then nginx in front of it.",
         "The frobnix is slow. Without the frobnix we can do nothing.")


def changes(text, result):
    return [(str(e["original"]), str(e["replacement"]), str(e["kind"])) for e in result["edits"]]


def mistakes_are_found(s):
    for wrong, right in WRONG.items():
        text, result = s.run("proofread", wrong)
        assert text == right, (text, result["edits"])
        assert result["source"] == "model" and result["adapter"] == "", dict(result)
        for e in result["edits"]:
            assert e["kind"] and 0.5 < e["confidence"] <= 1, dict(e)
            assert wrong[e["start"]:e["start"] + e["length"]] == e["original"]
    kinds = {(a, k) for w in WRONG for a, _, k in changes(w, s.run("proofread", w)[1])}
    assert ("recieved", "spelling") in kinds and ("i", "capital") in kinds, kinds


def what_is_right_stays(s):
    for text in RIGHT:
        answer, result = s.run("proofread", text)
        assert answer == text and not result["edits"], (text, answer)


def edits_lead_from_the_one_to_the_other(s):
    text = " ".join(list(WRONG) * 6) + "\n\nÄpfel – " + " ".join(WRONG)
    for unit in ("utf-8", "utf-16", "utf-32"):
        answer, result = s.run("proofread", text, offset_unit=unit)
        width = {"utf-8": lambda c: len(c.encode()), "utf-16": lambda c: len(c.encode("utf-16-le")) // 2,
                 "utf-32": lambda c: 1}[unit]
        places = [0]
        for c in text:
            places.append(places[-1] + width(c))
        out, at = "", 0
        for e in result["edits"]:
            start, end = places.index(e["start"]), places.index(e["start"] + e["length"])
            out += text[at:start] + str(e["replacement"])
            at = end
        assert out + text[at:] == answer, unit
    request = Request(s, "proofread", text)
    assert request.wait()[0] == 0
    assert request.streamed() == s.run("proofread", text)[0]


def another_language_is_left_alone(s):
    for text in ("Das ist ein deutscher Satz, den hier niemand verbessern soll, auch wen er Feler hat.",
                 "das war so nicht gemeint", "Hallo Anna,\n\nbis morgen!\n\nGruss\nTante Eva"):
        for options in ({}, {"language": "en"}):
            answer, result = s.run("proofread", text, **options)
            assert answer == text and "language" in result["warnings"][0], (answer, dict(result))
    # Nothing that is shipped is for it.
    assert harness.fails("TaskUnavailable", s.run, "proofread", "Hallo!", language="de-AT")


def a_text_of_two_languages_is_corrected_in_one(s):
    text = ("Hi Eve,\n\nHe wrote: \u201eWir sehen uns morgen frueh am bahnhof , um acht\u201c. "
            "So the meeting is on Wendsday.\n\n%s\n")
    for end, want in (("Thanks for teh hlep!", "Thanks for the help!"),
                      ("Liebe gruesse", "Liebe gruesse")):
        answer, result = s.run("proofread", text % end)
        assert answer == text.replace("Wendsday", "Wednesday") % want, answer
        assert "language" in result["warnings"][0], dict(result)


def it_ends_when_it_is_told_to(s):
    request = Request(s, "proofread", " ".join(list(WRONG) * 200))
    wait_for(lambda: request.signals, "a signal")
    request.close()
    assert s.run("proofread", "teh house")[0] == "The house"


def without_a_dictionary_an_adapter_writes():
    with harness.Service(config="dictionaries: /nowhere\n") as s:
        s.ready()
        text, result = s.run("proofread", "Thanks for teh report.")
        assert text == "Thanks for the report.", text
        assert result["adapter"] == "proofread", dict(result)
        assert "dictionary" in result["warnings"][0], dict(result)
        assert "kind" not in result["edits"][0], dict(result)
    assert "/nowhere: no spelling dictionary of 'en' is installed" in s.output, s.output


def all_with_one_service():
    with harness.Service() as s:
        s.ready()
        assert harness.run_tests((mistakes_are_found, what_is_right_stays,
                                  edits_lead_from_the_one_to_the_other, another_language_is_left_alone,
                                  a_text_of_two_languages_is_corrected_in_one,
                                  it_ends_when_it_is_told_to), s) == 0


if __name__ == "__main__":
    harness.main_apart((all_with_one_service, without_a_dictionary_an_adapter_writes))
