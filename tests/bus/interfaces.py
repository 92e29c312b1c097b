#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every method of the interfaces, from python and from gdbus; each wrong call gets its error."""
import glob
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET

import harness
from harness import fails, wait_for
import dbus

INVALID = "org.freedesktop.DBus.Error.InvalidArgs"



def query(**keys):
    return dbus.Dictionary(keys, signature="sv")


NONE = query()


def members(interface):
    """What an interface promises, without documentation."""
    out = set()
    for m in interface:
        arguments = tuple((a.get("type"), a.get("direction")) for a in m.findall("arg"))
        out.add((m.tag, m.get("name"), m.get("type"), arguments))
    return out


def introspection_is_what_is_installed(s):
    live = {}
    request = harness.Request(s, "tone", "Send me the report. " * 300, style="friendly")
    for path in (harness.PATH, request.path):
        node = s.bus.get_object(harness.NAME, path, introspect=False)
        tree = ET.fromstring(node.Introspect(dbus_interface=dbus.INTROSPECTABLE_IFACE))
        live.update({i.get("name"): members(i) for i in tree.findall("interface")})
    request.close()
    files = glob.glob(os.path.join(harness.SOURCE, "assistantd/daemon/xml/*.xml"))
    assert len(files) >= 8, files
    for path in files:
        for i in ET.parse(path).getroot().findall("interface"):
            # Agent1 and ToolProvider1 are what others implement.
            if not i.get("name").endswith((".Agent1", ".ToolProvider1")):
                assert live.get(i.get("name")) == members(i), i.get("name")


def proofread_repairs(s):
    text, results = s.run("proofread", "Thanks for teh report.")
    assert str(text) == "Thanks for the report.", text
    assert results["source"] == "model" and results["adapter"] == ""
    assert len(results["base_digest"]) == 64
    edit = results["edits"][0]
    assert (edit["start"], edit["length"], edit["original"], edit["replacement"]) == \
        (11, 3, "teh", "the"), edit


def offsets_count_in_the_callers_unit(s):
    text = "Café 👍 is nice. Thanks for teh report."
    for unit, length in (("utf-8", lambda t: len(t.encode())), ("utf-32", len),
                         ("utf-16", lambda t: len(t.encode("utf-16-le")) // 2)):
        _, results = s.run("proofread", text, offset_unit=unit)
        starts = [e["start"] for e in results["edits"] if e["original"] == "teh"]
        assert starts == [length(text[:text.index("teh")])], (unit, starts)


def tone_changes_and_keeps(s):
    """By rules, of whose ways the model chooses; where there is but one, no model is asked."""
    def run(text, style, **options):
        text, results = s.run("tone", text, style=style, **options)
        return str(text), str(results["source"]), str(results["adapter"])

    plain = "Send me the invoice by Friday."
    for style, ways in (("friendly", ("Could you send me the invoice by Friday? Thanks a lot!",
                                      "Could you please send me the invoice by Friday? "
                                      "Thanks a lot!")),
                        ("professional", ("Could you please send me the invoice by Friday?",
                                          "I would appreciate it if you could send me the "
                                          "invoice by Friday."))):
        text, source, adapter = run(plain, style)
        assert text in ways and source == "model" and adapter == "", (text, source, adapter)
    assert run("I just wanted to let you know that Anna is late.", "concise") == (
        "Anna is late.", "baseline", "")
    assert run("WHERE THE HELL IS MY PACKAGE???", "neutral") == (
        "Where is my package?", "baseline", "")
    assert "no adapter of this style" in fails("TaskUnavailable", s.run, "tone", plain,
                                               style="nosuch")
    # Freely by an adapter that is named, if no name is lost that way.
    text, source, adapter = run(plain, "friendly", adapter="tone-friendly")
    assert "Friday" in text and text != plain and adapter == "tone-friendly", text
    # Lines and what is no sentence stay; many sentences, many questions to the model.
    letter = "Hi Anna,\n\n" + "Send me the slides.\n" * 200 + "\n-- \nBob\n"
    text, source, _ = run(letter, "professional")
    assert text.startswith("Hello Anna,\n\n") and text.endswith("\n-- \nBob\n"), text
    assert text.count("\n") == letter.count("\n") and text.count("slides") == 200 and \
        "\nSend" not in text and source == "model", text


def adapters_are_combined(s):
    def run(**options):
        for key in options:
            if key == "adapters":
                options[key] = dbus.Dictionary(options[key], signature="sd")
        text, results = s.run("tone", "Send me the invoice by Friday.", style="friendly",
                              **options)
        return str(text), results

    alone, results = run(adapter="tone-friendly")
    digest = str(results["adapter_digest"])
    # One of the scale 0 is not there; a factor of 1 is as it is.
    for options in ({"adapters": {"tone-friendly": 1.0}}, {"adapter": "tone-friendly", "scale": 1.0},
                    {"adapters": {"tone-concise": 0.0, "tone-friendly": 1.0}},
                    {"adapters": {"tone-friendly": 2.0}, "scale": 0.5}):
        text, results = run(**options)
        assert text == alone and results["adapter"] == "tone-friendly", (options, text)
    nothing, results = run(adapter="tone-friendly", scale=0.0)
    assert results["adapter"] == "" and results["adapter_digest"] == "", dict(results)
    assert run(adapters={"tone-friendly": 0.0})[0] == nothing
    # Several are named in one order, in results and receipts.
    both = {"tone-friendly": 0.75, "tone-concise": 0.25}
    text, results = run(adapters=both)
    assert results["adapter"] == "tone-concise,tone-friendly", results["adapter"]
    digests = str(results["adapter_digest"]).split(",")
    assert len(digests) == 2 and digests[1] == digest and len(digests[0]) == 64, digests
    assert run(adapters=dict(reversed(both.items())))[0] == text
    row = s.interface("Context1").History(query(limit=dbus.UInt32(1)))[0]
    assert row["adapter"] == "tone-concise=0.25,tone-friendly=0.75", row["adapter"]
    status, details = s.interface().CheckTask("tone", query(
        adapters=dbus.Dictionary(both, signature="sd")))
    assert status == 5 and details["adapter"] == "tone-concise,tone-friendly", dict(details)
    # What cannot be is named.
    for name, word, options in (
            ("AdapterUnknown", "pirate", {"adapters": {"tone-friendly": 1.0, "pirate": 0.5}}),
            ("AdapterMismatch", "proofread", {"adapters": {"tone-friendly": 1.0,
                                                           "proofread": 0.5}}),
            ("AdapterMismatch", "scale 16", {"adapters": {"tone-friendly": 4.0}, "scale": 4.0}),
            (INVALID, "twice", {"adapter": "tone-friendly", "adapters": both}),
            (INVALID, "more than 4", {"adapters": {f"a{i}": 1.0 for i in range(5)}}),
            (INVALID, "0 to 8", {"adapters": {"tone-friendly": 8.5}}),
            (INVALID, "0 to 8", {"scale": -1.0}), (INVALID, "scale", {"scale": "1"})):
        message = fails(name, run, **options)
        assert word in message, message
    fails("AdapterUnknown", s.interface().CheckTask, "tone", query(adapter="pirate"))
    fails("AdapterMismatch", s.interface().CheckTask, "tone", query(adapter="proofread"))


def lines_and_blanks_stay(s):
    text, _ = s.run("proofread", "  Hello there.\n\n\tThanks for the report.\n")
    assert str(text) == "  Hello there.\n\n\tThanks for the report.\n", repr(str(text))


def baselines_say_so(s):
    text = "The cat sat on the mat. The mat was red and the cat liked it. A dog slept."
    summary, results = s.run("summarize", text)
    assert results["source"] == "baseline" and str(summary) in text
    source = results["sentences"][0]["sources"][0]
    assert text[source["start"]:][:source["length"]] == str(summary)
    reply, results = s.run("reply", "Would you like to come to dinner?")
    assert results["source"] == "baseline" and len(results["candidates"]) == 3
    assert results["candidates"][0]["text"] == reply


def summaries_say_who_said_it(s):
    talk = ("Anna: Hello Ben!\nBen: Well, I think that the printer in the hall is broken.\n"
            "Anna: Oh no. I need to print the slides for the customer.\n")
    text, results = s.run("summarize", talk, kind="keypoints", length="medium")
    lines = str(text).split("\n")
    assert "Ben: The printer in the hall is broken." in lines, lines
    assert [str(k) for k in results["keypoints"]] == lines
    for line, sentence in zip(lines, results["sentences"]):
        assert str(text)[sentence["start"]:][:sentence["length"]] == line
        own = "".join(talk[p["start"]:][:p["length"]] for p in sentence["sources"])
        assert own.lower() == line.lower(), (own, line)
    line, results = s.run("summarize", "The printer in the hall of the second floor\nis broken, and nobody "
                          "knows whom one would have to ask about it.", kind="headline")
    assert str(line) == "The printer in the hall of the second floor is broken", line
    assert str(results["headline"]) == str(line)


def replies_use_the_thread(s):
    def said(*messages):
        return dbus.Array([dbus.Dictionary(m, signature="sv") for m in messages], signature="a{sv}")
    _, results = s.run("reply", "Could you bring them tomorrow?", count=dbus.UInt32(2), thread=said(
        {"from": "Anna", "text": "I need the keys."}, {"text": "Which ones?", "me": True}))
    texts = [str(c["text"]) for c in results["candidates"]]
    assert texts[0] == "Sure, I will take care of the keys tomorrow." and len(texts) == 2, texts
    assert all(c["kind"] == "request" for c in results["candidates"])
    text, _ = s.run("reply", "Thank you so much for your help!",
                    thread=said({"from": "Anna", "text": "Hello", "time": dbus.Int64(1)}))
    assert str(text) == "You're welcome, Anna!", text
    for bad, word in (({"from": "Anna"}, "no text"), ({"text": 5}, "'text' of type i"),
                      ({"text": "x", "loud": True}, "'loud' of type b"), ({"text": "x" * 140000}, "128 KiB")):
        assert word in fails(INVALID, s.run, "reply", "Hello", thread=said(bad))
    assert "64 messages" in fails(INVALID, s.run, "reply", "Hello", thread=said(*[{"text": "x"}] * 65))


def replies_say_what_a_hint_asks_for(s):
    text, results = s.run("reply", "Could we meet on Tuesday at 10?", hint="ask for Friday")
    assert str(text) == "How about Friday instead?", text
    assert {str(c["intent"]) for c in results["candidates"]} == {"suggest"}
    text, _ = s.run("reply", "Could we meet on Tuesday at 10?", hint="no, I am away")
    assert "can't" in text and text.endswith("I am away."), text
    text, _ = s.run("ask", "answer ask for Friday to this: Could we meet on Tuesday at 10?")
    assert str(text) == "How about Friday instead?", text
    words = fails("Unsupported", s.run, "reply", "Could we meet on Tuesday at 10?", hint="sing")
    assert "'sing'" in words, words


def ask_decides(s):
    text, results = s.run("ask", "make this friendlier: Send me the invoice today.")
    assert "invoice" in text and text != "Send me the invoice today.", text
    _, results = s.run("ask", "what time is it")
    assert results["kind"] == "text"
    _, results = s.run("ask", "fly me to the moon")
    assert results["kind"] == "question"
    mail = dbus.Array([dbus.Dictionary({"text": "Thanks for teh report."}, signature="sv")],
                      signature="a{sv}")
    text, _ = s.run("ask", "proofread this", attachments=mail)
    assert str(text) == "Thanks for the report.", text


def wrong_calls_get_typed_errors(s):
    assert "'nothing'" in fails("TaskUnknown", s.run, "nothing", "x")
    assert "colour" in fails(INVALID, s.run, "proofread", "x", colour="red")
    assert "style" in fails(INVALID, s.run, "proofread", "x", style="friendly")
    assert "private" in fails(INVALID, s.run, "proofread", "x", private="yes")
    assert "temperature" in fails(INVALID, s.run, "proofread", "x", temperature=3.0)
    assert "offset_unit" in fails(INVALID, s.run, "proofread", "x", offset_unit="inch")
    assert "empty" in fails("InvalidText", s.run, "proofread", "")
    assert "nothing to read" in fails("InvalidText", s.run, "proofread", " \n 12 ")
    assert "256 KiB" in fails("TooLong", s.run, "proofread", "x" * (256 * 1024 + 1))
    fails("TooLong", s.run, "proofread", "x" * (8 * 1024 * 1024))
    assert "pirate" in fails("AdapterUnknown", s.run, "tone", "Hello.", adapter="pirate")
    fails("AdapterMismatch", s.run, "tone", "Hello.", adapter="proofread")
    assert "style" in fails("TaskUnavailable", s.run, "tone", "Hello.", style="pirate")
    fails("Unsupported", s.interface().Prepare, "tone", NONE)
    call = s.object.get_dbus_method("Run", harness.NAME)
    fails(INVALID, call, "proofread", 7, NONE, signature="sia{sv}")
    fails(INVALID, call, "proofread", "x", signature="ss")
    fails("org.freedesktop.DBus.Error.UnknownMethod",
          s.object.get_dbus_method("Ask", harness.NAME), "hello")
    fails("org.freedesktop.DBus.Error.UnknownInterface",
          s.object.get_dbus_method("Run", "org.example.Other"), "hello")
    gone = s.bus.get_object(harness.NAME, harness.PATH + "/request/1_1/none", introspect=False)
    fails("org.freedesktop.DBus.Error.UnknownObject",
          gone.get_dbus_method("Close", "org.assistantd.Request1"))
    fails("org.freedesktop.DBus.Error.PropertyReadOnly", s.object.Set, harness.NAME, "State",
          dbus.UInt32(1), dbus_interface=dbus.PROPERTIES_IFACE)


def tasks_are_listed(s):
    tasks = s.interface().ListTasks(NONE)
    assert set(tasks) == {"proofread", "tone", "summarize", "reply",
                          "notifications", "ask"}, set(tasks)
    assert tasks["proofread"]["status"] == 5 and tasks["summarize"]["status"] == 6
    assert set(tasks["tone"]["styles"]) == {"friendly", "professional", "concise", "neutral"}
    assert "style" in tasks["tone"]["options"] and "style" not in tasks["reply"]["options"]
    status, details = s.interface().CheckTask("tone", query(style="concise"))
    assert status == 5 and details["adapter"] == ""
    needed, limit = s.interface().CountTokens("proofread", "Hello you.", NONE)
    assert 0 < needed < limit


def long_text_by_descriptor(s):
    text = "Thanks for teh report. The meeting is on Friday.\n" * 40
    with tempfile.TemporaryFile() as f:
        f.write(text.encode())
        f.seek(0)
        path, output = s.interface().StartFd("proofread", dbus.types.UnixFd(f), NONE)
    assert path.startswith(harness.PATH + "/request/")
    with os.fdopen(output.take(), "r", encoding="utf-8") as reader:
        result = reader.read()
    assert result.count("\n") == 40 and len(result) > 0.8 * len(text), len(result)


def adapters_can_be_moved(s):
    adapters = s.interface("Adapters1")
    state = lambda: {str(a["name"]): a for a in adapters.List(NONE)}
    adapters.Load("tone-concise", NONE)
    wait_for(lambda: state()["tone-concise"]["state"] == 4, "the adapter in memory")
    adapters.Pin("tone-concise", True, NONE)
    fails("Busy", adapters.Unload, "tone-concise", NONE)
    adapters.Pin("tone-concise", False, NONE)
    adapters.Unload("tone-concise", NONE)
    wait_for(lambda: state()["tone-concise"]["state"] == 2, "the adapter gone")
    fails("AdapterUnknown", adapters.Load, "none", NONE)
    assert s.property("Used", "Adapters1") <= s.property("Budget", "Adapters1")


def history_keeps_what_it_may(s):
    context = s.interface("Context1")
    s.run("reply", "A message about zebras, thanks.")
    s.run("reply", "A secret about giraffes, thanks.", private=True)
    rows = context.History(query(words="zebras"))
    assert len(rows) == 1 and rows[0]["task"] == "reply"
    assert len(context.History(query(words="giraffes"))) == 0
    newest = context.History(query(limit=dbus.UInt32(1)))[0]
    assert newest["private"] and newest["request"] == "" and newest["result"] == ""
    fails(INVALID, context.History, query(colour="red"))
    assert context.Forget(query(id=dbus.UInt64(rows[0]["id"]))) == 1
    assert len(context.History(query(words="zebras"))) == 0


def a_detached_request_is_kept(s):
    r = harness.Request(s, "tone", "Send me the slides today.", style="friendly", detach=True)
    _, results = r.wait()
    response, kept = s.interface().Fetch(dbus.UInt64(results["id"]))
    assert response == 0 and kept["text"] == results["text"], kept
    fails("org.freedesktop.DBus.Error.UnknownObject", s.interface().Fetch, dbus.UInt64(999999))
    other = dbus.SessionBus(private=True)
    again = other.get_object(harness.NAME, harness.PATH, introspect=False).Fetch(
        dbus.UInt64(results["id"]), dbus_interface=harness.NAME)
    assert again[1]["text"] == results["text"]
    other.close()


def gdbus_speaks_to_it(s):
    call = ["gdbus", "call", "--session", "-d", harness.NAME, "-o", harness.PATH, "-m"]
    out = subprocess.run(call + [harness.NAME + ".Run", "proofread", "Thanks for teh report.",
                                 "{}"], capture_output=True, text=True, timeout=harness.PATIENCE, check=True)
    assert "Thanks for the report." in out.stdout, out.stdout
    out = subprocess.run(call + [harness.NAME + ".Run", "nothing", "x", "{}"],
                         capture_output=True, text=True, timeout=harness.PATIENCE, check=False)
    assert out.returncode != 0 and "TaskUnknown: no task 'nothing'" in out.stderr, out.stderr


def assistantctl_speaks_to_it(s):
    def ctl(*arguments, text=""):
        return subprocess.run([os.path.join(harness.BUILD, "assistantctl"), *arguments],
                              input=text.encode(), capture_output=True, timeout=harness.PATIENCE, check=False)
    out = ctl("proofread", text="Thanks for teh report.\n")
    assert (out.returncode, out.stdout) == (0, b"Thanks for the report.\n"), out
    assert ctl("proofread", text="").returncode == 1
    out = ctl("proofread", text="ok\xff")
    assert out.returncode == 0 or b"UTF-8" in out.stderr
    bad = subprocess.run([os.path.join(harness.BUILD, "assistantctl"), "proofread"],
                         input=b"ab\xffcd", capture_output=True, timeout=harness.PATIENCE, check=False)
    assert bad.returncode == 2 and b"byte 2 is not UTF-8" in bad.stderr, bad
    assert ctl("dance").returncode == 2
    assert ctl("status").stdout.startswith(b"state    ready")
    assert ctl("doctor").returncode == 0
    assert b"friendly" in ctl("adapter").stdout
    long = "The meeting is on Friday. " * 12000
    out = ctl("summarize", text=long)
    assert out.returncode == 0 and b"meeting" in out.stdout, out.stderr


harness.main([
    introspection_is_what_is_installed, proofread_repairs, offsets_count_in_the_callers_unit,
    tone_changes_and_keeps, adapters_are_combined, lines_and_blanks_stay, baselines_say_so,
    summaries_say_who_said_it, replies_use_the_thread,
    replies_say_what_a_hint_asks_for, ask_decides,
    wrong_calls_get_typed_errors, tasks_are_listed, long_text_by_descriptor,
    adapters_can_be_moved, history_keeps_what_it_may, gdbus_speaks_to_it,
    a_detached_request_is_kept, assistantctl_speaks_to_it,
])
