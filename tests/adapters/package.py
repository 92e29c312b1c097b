#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The verb package beside Debian's minisign: what one signs, the other verifies."""
import os
import shutil
import subprocess
import sys
import tempfile

from gguf import ENGINE, check, lora_file, read, write

MANIFEST = f"""version: 1
name: shout
task: tone
languages: [en]
sequence: 7
base: {"1" * 64}
tokenizer: {"2" * 64}
template: {"3" * 64}
rank: 2
prompt: "{{{{ text }}}}"
"""


def bare():
    """One matrix of 32 x 32, rank 2."""
    return lora_file([(b"blk.0.attn_q.weight.lora_a", (32, 2), [0.0] * 64),
                      (b"blk.0.attn_q.weight.lora_b", (2, 32), [0.0] * 64)], alpha=4.0)


def package(*args, status=0):
    run = subprocess.run([ENGINE, "package", *args], capture_output=True, timeout=300)
    check(run.returncode == status, args, run)
    return run.stdout.decode("ascii") if status == 0 else run.stderr.decode("utf-8")


def told(*args):
    lines = (line.split(None, 1) for line in package(*args).splitlines())
    return {key: value for key, value in lines}


def minisign(*args, status=0):
    run = subprocess.run(["minisign", *args], capture_output=True, timeout=300)
    check((run.returncode == 0) == (status == 0), args, run)


def check_without_minisign():
    write("lora.gguf", bare())
    write("manifest.yaml", MANIFEST.encode())
    check(told("lora.gguf")["manifest"] == "none", "a bare LoRA")
    package("lora.gguf", "--manifest", "manifest.yaml", "--out", "p.gguf")
    got = told("p.gguf")
    check(got["name"] == "shout" and got["sequence"] == "7" and got["signature"] == "none", got)
    write("rank.yaml", MANIFEST.replace("rank: 2", "rank: 3").encode())
    error = package("lora.gguf", "--manifest", "rank.yaml", "--out", "x.gguf", status=1)
    check("x.gguf: rank: 3, but the file's is 2" in error, error)
    check(not os.path.exists("x.gguf"), "what is no package stays")
    write("bad.yaml", MANIFEST.replace("task: tone", "task: 'To ne'").encode())
    error = package("lora.gguf", "--manifest", "bad.yaml", "--out", "x.gguf", status=1)
    check("bad.yaml: 3:7: task" in error, error)
    package("p.gguf", "--extract", "parts")
    check(read("parts/content.gguf") == read("p.gguf"), "an unsigned package is its content")
    check(not os.path.exists("parts/content.gguf.minisig"), "no signature")
    package("lora.gguf", "--manifest", "parts/manifest.yaml", "--out", "again.gguf")
    check(read("again.gguf") == read("p.gguf"), "the extracted manifest is another")
    for wrong in ([], ["p.gguf", "--out", "x"], ["p.gguf", "--manifest", "bad.yaml"],
                  ["p.gguf", "--extract"], ["p.gguf", "--colour", "red"]):
        package(*wrong, status=64)


def check_signed(form, keys):
    """@form: the options that make minisign sign so."""
    minisign("-SW", *form, "-s", "a.key", "-t", "ours\tto the letter", "-m", "p.gguf")
    package("p.gguf", "--signature", "p.gguf.minisig", "--out", "signed.gguf")
    got = told("signed.gguf", "--key", "b.pub", "--key", "a.pub")
    check(got["signature"] == "valid" and got["key"] == keys["a"], form, got)
    check(got["trusted"] == "comment    ours\\x09to the letter", got)
    got = told("signed.gguf", "--key", "b.pub")
    check(got["signature"] == "unknown key" and got["key"] == keys["a"], got)
    # What comes out, minisign verifies.
    package("signed.gguf", "--extract", "out")
    minisign("-V", "-p", "a.pub", "-m", "out/content.gguf")
    minisign("-V", "-p", "b.pub", "-m", "out/content.gguf", status=1)
    check(read("out/content.gguf.minisig") == read("p.gguf.minisig"), "the text is another")
    check(read("out/content.gguf") == read("p.gguf"), "the content is another")
    # Of another file: every byte of the content counts, and both see it.
    other = bytearray(read("signed.gguf"))
    other[len(read("p.gguf")) - 1] ^= 1
    write("other.gguf", other)
    error = package("other.gguf", "--key", "a.pub", status=1)
    check("did not sign this content" in error, error)
    package("other.gguf", "--extract", "forged")
    minisign("-V", "-p", "a.pub", "-m", "forged/content.gguf", status=1)
    os.remove("p.gguf.minisig")


def key_id(path):
    """The number behind the last word of the .pub file's comment, with its zeros."""
    return read(path).split(b"\n")[0].split()[-1].decode().rjust(16, "0")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        check_without_minisign()
        if not shutil.which("minisign"):
            print("without minisign")
            sys.exit(77)
        for key in "ab":
            minisign("-GW", "-p", key + ".pub", "-s", key + ".key")
        keys = {key: key_id(key + ".pub") for key in "ab"}
        check_signed([], keys)
        check_signed(["-l"], keys)
        write("empty.minisig", b"")
        error = package("p.gguf", "--signature", "empty.minisig", "--out", "x.gguf", status=1)
        check("signature: 0 bytes" in error, error)
        write("no.minisig", b"untrusted comment: x\nRW\n")
        error = package("p.gguf", "--signature", "no.minisig", "--out", "x.gguf", status=1)
        check("signature: expected" in error and not os.path.exists("x.gguf"), error)
        # What fails leaves what was there, also where both have one name.
        before = read("p.gguf")
        package("p.gguf", "--signature", "no.minisig", "--out", "p.gguf", status=1)
        check(read("p.gguf") == before and not os.path.exists("p.gguf.new"), "p.gguf changed")
        write("no.pub", b"secret\n")
        error = package("signed.gguf", "--key", "no.pub", status=1)
        check("key 1: no public key" in error, error)


main()
