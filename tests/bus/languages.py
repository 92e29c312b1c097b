#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sentences of the user's own and of another language, over the real service."""
import os
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Request, Service, require_bus, run_tests, wait_for   # noqa: E402
import dbus.mainloop.glib                                               # noqa: E402

GERMAN = """language: de
intents:
  HassGetCurrentTime:
    data:
      - sentences: ["(wie spät ist es|wieviel Uhr ist es)"]
  HassStartTimer:
    data:
      - sentences: ["(stell|starte) einen (Timer|Wecker) (auf|für) {minutes} Minuten"]
lists:
  minutes: {range: {from: 1, to: 100}}
skip_words: ["bitte"]
"""
BROKEN = "intents:\n  HassGetCurrentTime:\n    data:\n      - sentences: ['uhr (bitte']\n"
ENGLISH = "intents: {HassGetCurrentTime: {data: [{sentences: ['tempus fugit']}]}}\n"


def write(home, path, text):
    path = os.path.join(home, "intents", path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def understood(service, text):
    request = Request(service, "ask", text)
    code, _ = request.wait()
    assert code == 0, (text, code)
    return request.streamed()


def tells_time(service, text):
    return "It is " in understood(service, text)


def test_both_languages(service):
    for text in ("wie spät ist es", "Wieviel Uhr ist es?", "bitte wie spät ist es",
                 "what time is it", "tempus fugit"):
        assert tells_time(service, text), (text, understood(service, text))
    for text in ("uhr bitte", "wie alt ist es", "quelle heure est-il"):
        assert not tells_time(service, text), text


def test_numbers_in_words(service):
    said = understood(service, "stell bitte einen Wecker auf einundzwanzig Minuten")
    assert "21 minutes" in said, said


def test_read_again(service):
    assert not tells_time(service, "alea iacta est")
    write(service.home, "en/more.yaml", ENGLISH.replace("tempus fugit", "alea iacta est"))
    service.process.send_signal(signal.SIGHUP)
    wait_for(lambda: tells_time(service, "alea iacta est"), "the new sentence")
    assert tells_time(service, "wie spät ist es")


def test_broken_file_is_named(service):
    service.log.flush()
    with open(os.path.join(service.home, "log"), encoding="utf-8") as f:
        text = f.read()
    assert "intents/de/broken.yaml:4:" in text, text


TESTS = [test_both_languages, test_numbers_in_words, test_read_again, test_broken_file_is_named]


def main():
    require_bus()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    with tempfile.TemporaryDirectory(prefix="ad.", dir="/tmp") as home:
        write(home, "de/uhr.yaml", GERMAN)
        write(home, "de/broken.yaml", BROKEN)
        write(home, "en/mine.yaml", ENGLISH)
        with Service(config="languages: [de, en]\n", home=home) as service:
            failed = run_tests(TESTS, service)
        if failed:
            print(service.output)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
