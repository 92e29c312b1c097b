# SPDX-License-Identifier: MIT
"""eval.py DATA [--model DIR] [--out DIR] [--only "NAME NAME"] [--card FILE]

Measures every task of the service that runs on the model in DIR, on the texts in DATA, beside
doing nothing and beside what needs no model. Writes OUT/eval.md and OUT/eval.json, and with --card
puts the tables between the marks of the model's card.
"""
import argparse
import importlib
import json
import os
import sys
import time

sys.dont_write_bytecode = True
import bench  # noqa: E402
import report  # noqa: E402

SECTIONS = ("proofread", "tone", "summaries", "replies", "notifications")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("data")
    p.add_argument("--model", default=os.path.join(bench.SOURCE, "examples", "tiny"))
    p.add_argument("--out", default=os.path.join(bench.harness.BUILD, "eval"))
    p.add_argument("--only", default=" ".join(SECTIONS))
    p.add_argument("--card")
    return p.parse_args()


def measured(b, names):
    for name in names:
        module = importlib.import_module(name)
        began = time.monotonic()
        b.section = name
        parts = []
        print(f"\n### {module.TITLE}", flush=True)
        for part in module.run(b):
            parts.append(part)
            print("\n" + part.markdown(), flush=True)
        print(f"\n({name}: {time.monotonic() - began:.0f} s)", flush=True)
        yield module.TITLE, parts


def main():
    bench.harness.require_bus()
    bench.harness.dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    a = arguments()
    names = a.only.split()
    for name in names:
        if name not in SECTIONS:
            raise SystemExit(f"--only {name}: none of {', '.join(SECTIONS)}")
    b = bench.Bench(a.data, a.out, a.model)
    b.start()
    try:
        sections = list(measured(b, names))
    finally:
        b.stop()
    text = report.markdown(sections)
    with open(os.path.join(a.out, "eval.md"), "w", encoding="utf-8") as f:
        f.write(text)
    with open(os.path.join(a.out, "eval.json"), "w", encoding="utf-8") as f:
        json.dump({title: [p.json() for p in parts] for title, parts in sections}, f, indent=1,
                  ensure_ascii=False)
    if a.card:
        report.into_card(a.card, text)


if __name__ == "__main__":
    main()
