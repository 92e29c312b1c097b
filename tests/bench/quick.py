#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmarks run, on a model of a megabyte: every row is there and the page shows it.

What a megabyte takes says nothing of a gigabyte, so no figure is judged.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True
HERE = os.path.join(os.path.abspath(os.environ.get("srcdir", ".")), "tests", "bench")
sys.path.insert(0, HERE)
import bench  # noqa: E402
import rows  # noqa: E402

ENGINE = os.path.join(os.environ.get("builddir", "build"), "assistant-engine")
# Another engine: a token in two milliseconds, whatever it is asked.
REFERENCE = """import json, sys
model, prompt, generated, threads = sys.argv[1:5]
assert model.endswith(".gguf") and int(threads) > 0
for test in ("pp" + prompt, "tg" + generated):
    print(json.dumps({"test": test, "tokens_per_s": 500.0}))
"""
failures = 0


def check(what, ok):
    global failures
    failures += not ok
    print(f"{'ok' if ok else 'NOT OK'}: {what}")


def run(folder, *more):
    out = os.path.join(folder, "results")
    bench.main(["--engine", ENGINE, "--models", os.path.join(folder, "models"), "--out", out,
                "--small", "--threads", "2", "--rounds", "2", "--prompt", "16", "--generate", "2",
                "--context", "200", "--kernels", "--rows 16 --cols 256", "--silent", "--retries", "0",
                *more])
    with open(out + ".json", encoding="utf-8") as f:
        result = json.load(f)
    with open(out + ".html", encoding="utf-8") as f:
        return result, f.read()


def check_rows(result, absent):
    wanted = {(name, kind) for name, _, _, bounds, *_ in rows.SPECIFICATION for kind in bounds}
    check("every row is there", wanted == {(r["name"], r["type"]) for r in result["rows"]})
    for row in result["rows"]:
        name = f"{row['name']}, {row['type']}"
        if row["name"] in absent:
            check(f"{name}: why it is not measured", bool(row["unavailable"]))
            continue
        check(f"{name}: {row['value']} {row['unit']} {row['unavailable'] or ''}",
              row["value"] is not None and row["reached"] in (True, False) and
              row["low"] <= row["high"])


def check_kernels(result):
    sets = {k["set"] for k in result["kernels"]}
    types = {k["kernel"] for k in result["kernels"] if k["set"] == "generic"}
    check(f"kernel sets {sorted(sets)}", "generic" in sets)
    for k in sets:
        check(f"{k}: the same kernels as generic",
              types == {one["kernel"] for one in result["kernels"] if one["set"] == k})
    check("every time is one", all(k["seconds"] > 0 for k in result["kernels"]))


def check_usage():
    """What is wrong with a command line is said, and is no figure."""
    for arguments, status in ((("--kernels", "--cols", "300"), 1), (("--kernels", "model"), 64),
                              (("model", "no-such-figure"), 64), ((), 64)):
        done = subprocess.run([ENGINE, "bench", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        check(f"bench {' '.join(arguments)}: status {done.returncode}",
              done.returncode == status and done.stderr and not done.stdout)


def check_page(page, result):
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    check(f"{len(charts)} charts", len(charts) >= 6)
    bars = sum(len(xml.etree.ElementTree.fromstring(chart).findall(".//g/rect"))
               for chart in charts)
    check(f"{bars} bars", bars >= len(result["kernels"]) / 2)
    check("the page needs nothing else", not re.search(r"(src|href)=|@import|url\(", page))
    check("a row that is not measured says so", "not measured: " in page)


def check_arithmetic():
    """Medians and pairs of rounds, on numbers that can be followed."""
    made = [{"step": step, "measurement": "prompt", "variant": "base", "type": "q4_0",
             "threads": 4, "round": i, "value": value}
            for step, values in (("speed", (30, 10, 20)), ("reference", (10, 5, 4)))
            for i, value in enumerate(values)]
    row = rows.build(rows.Samples(made, {}), [4])[0]
    check("a ratio is that of the medians", (row.name, row.value) == ("prompt", 4.0))
    check("its rounds are compared each with itself", (row.low, row.high) == (2.0, 5.0))
    check("a bound is compared", row.reached)


with tempfile.TemporaryDirectory() as folder:
    check_arithmetic()
    check_usage()
    plain, page = run(folder)
    check_rows(plain, {"prompt", "generation"})
    check_kernels(plain)
    check_page(page, plain)
    script = os.path.join(folder, "reference.py")
    with open(script, "w", encoding="utf-8") as f:
        f.write(REFERENCE)
    command = f"{sys.executable} {script}"
    check_rows(run(folder, "--reference", command)[0], set())
    more, _ = run(folder, "--reference", command, "--more", "--steps", "speed,open",
                  "--types", "q4_0")
    check_rows(more, set())
    check("more rounds stand behind the earlier ones",
          {s["round"] for s in more["samples"] if s["step"] == "open"} == {0, 1, 2, 3})
sys.exit(failures > 0)
