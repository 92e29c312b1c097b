# SPDX-License-Identifier: MIT
"""What the comparisons with the reference engine share."""
import array
import json
import os
import statistics
import subprocess
import sys
import tempfile

ENGINE = os.path.join(os.environ.get("builddir", "build"), "assistant-engine")
# Kernels by the features that the CPU may use: generic, AVX2, AVX-512 without and
# with VNNI.
MASKS = {"generic": "0", "avx2": "1", "avx512-pairs": "9", "avx512": "3"}


def folder(name):
    """The reference data, or the end of the test: skipped, unless data was asked for."""
    source = os.environ.get("srcdir", ".")
    root = os.environ.get("PARITY_DIR") or os.path.join(source, "../shared/parity")
    path = os.path.join(root, name)
    if os.path.isdir(path):
        return path
    print("no reference data in", path)
    sys.exit(1 if os.environ.get("PARITY_REQUIRED") else 77)


def cases(path):
    with open(os.path.join(path, "cases.json"), encoding="utf-8") as f:
        return json.load(f)["cases"]


def floats(path):
    data = array.array("f")
    with open(path, "rb") as f:
        data.frombytes(f.read())
    return data


def engine(*arguments, mask=None, stdin=None):
    """stdout of the engine's verb; its message is the test's failure."""
    environment = dict(os.environ)
    if mask is not None:
        environment["ASSISTANTD_CPU_MASK"] = mask
    done = subprocess.run([ENGINE, *arguments], env=environment, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError("%s: %s" % (" ".join(arguments), done.stderr.decode("utf-8", "replace")))
    return done.stdout


def logits(*arguments, mask, threads):
    with tempfile.NamedTemporaryFile(suffix=".f32") as out:
        engine("logits", *arguments, "--threads", threads, "--out", out.name, mask=mask)
        return floats(out.name)


def compare_rows(case, path, ours, tolerance):
    """Logits [positions][vocabulary] beside those of a case: within @tolerance of the standard
    deviation of the reference's row, and the same most likely token."""
    reference = floats(os.path.join(path, case["logits"]))
    n = case["n_vocab"]
    for i, position in enumerate(case["positions"]):
        row, want = ours[position * n:(position + 1) * n], reference[i * n:(i + 1) * n]
        assert len(row) == n, "position %d is missing" % position
        worst = max(abs(a - b) for a, b in zip(row, want))
        limit = tolerance * statistics.pstdev(want)
        assert worst <= limit, "position %d: %g, at most %g" % (position, worst, limit)
        assert row.index(max(row)) == want.index(max(want)), "position %d: argmax" % position


def run(checks):
    """Runs named checks to the end and exits by whether all held."""
    failed = 0
    total = 0
    for name, check in checks:
        total += 1
        try:
            check()
        except AssertionError as error:
            failed += 1
            print("FAILED %s: %s" % (name, error))
    print("%d passed, %d failed" % (total - failed, failed))
    sys.exit(1 if failed or not total else 0)
