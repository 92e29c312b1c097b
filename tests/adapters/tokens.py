#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The engine's verbs with an adapter that brings tokens, on the embedded model."""
import json
import os
import struct
import subprocess
import tempfile

from gguf import BASE, ENGINE, check, lora_file, strings

VOCABULARY, WIDTH, TOKENS = 4096, 320, (b"<light_on>", b"<light_off>")


def adapter(names=TOKENS, embedding=True):
    """One update of nothing, and rows that are each other's opposite and longer than all: in
    every place one of the tokens has the largest logit."""
    row = [1000.0 * (-1) ** (i * i // 3) for i in range(WIDTH)]
    tensors = [(b"blk.0.attn_q.weight.lora_a", (WIDTH, 1), [0.0] * WIDTH),
               (b"blk.0.attn_q.weight.lora_b", (1, WIDTH), [0.0] * WIDTH),
               (b"output.extra", (WIDTH, 2), row + [-x for x in row])]
    if embedding:
        tensors.append((b"token_embd.extra", (WIDTH, 2), [x / 2000.0 for x in row] * 2))
    return lora_file(tensors, [strings(b"assistantd.tokens.text", names)])


def run(verb, *args, given=None):
    return subprocess.run([ENGINE, verb, BASE, "--threads", "2", *args], input=given,
                          capture_output=True, timeout=300)


def written(answer):
    """How many of the tokens a text is, and nothing else."""
    n = answer.count("<light_on>") + answer.count("<light_off>")
    left = answer.replace("<light_on>", "").replace("<light_off>", "").strip()
    return n if not left else -1


def check_texts(lora):
    args = ("--prompt", "Turn on the light", "--max", "8")
    with_it = run("generate", "--lora", lora, *args)
    check(with_it.returncode == 0 and written(with_it.stdout.decode()) == 8, with_it)
    for scale in ("", ":0"):
        plain = run("generate", *(("--lora", lora + scale) if scale else ()), *args)
        check(plain.returncode == 0 and b"<light" not in plain.stdout, plain)
    line = json.dumps({"prompt": "Turn it <light_on>"}) + "\n"
    answer = run("complete", "--lora", lora, "--max", "5", given=2 * line.encode())
    answers = [json.loads(row)["completion"] for row in answer.stdout.splitlines()]
    check(len(answers) == 2 and all(written(a) == 5 for a in answers), answer)


def check_logits(folder, lora):
    ids, out = os.path.join(folder, "ids"), os.path.join(folder, "out")

    def logits(*args, tokens):
        with open(ids, "w", encoding="ascii") as f:
            f.write(" ".join(map(str, tokens)))
        return run("logits", "--tokens", ids, "--out", out, *args)

    check(logits(tokens=[5, VOCABULARY]).returncode == 1, "a token that nothing brings")
    check(logits("--lora", lora, tokens=[5, VOCABULARY + 2]).returncode == 1, "beyond them")
    check(logits("--lora", lora, tokens=[5, VOCABULARY, 7]).returncode == 0, "logits")
    with open(out, "rb") as f:
        values = struct.unpack(f"<{3 * (VOCABULARY + 2)}f", f.read())
    for at in range(3):
        row = values[at * (VOCABULARY + 2):(at + 1) * (VOCABULARY + 2)]
        check(row[VOCABULARY] == -row[VOCABULARY + 1] != 0, "opposite rows", row[VOCABULARY:])
        check(max(row) == max(row[VOCABULARY:]), "the largest logit")


def check_refused(folder, lora):
    broken = os.path.join(folder, "broken.gguf")
    for content, word in ((adapter(names=(b"<a>", b"<a>")), b"tokens 0 and 1 are the same"),
                          (adapter(names=(b"<a>",)), b"expected [320, 1]"),
                          (adapter(embedding=False), b"token_embd.extra: missing")):
        with open(broken, "wb") as f:
            f.write(content)
        refused = run("generate", "--lora", broken, "--prompt", "a", "--max", "1")
        check(refused.returncode == 1 and word in refused.stderr, word, refused)
    with open(broken, "wb") as f:
        f.write(adapter(names=(b"<a>", b"<b>")))
    two = run("generate", "--lora", lora, "--lora", broken, "--prompt", "a", "--max", "1")
    check(two.returncode == 1 and b"two adapters bring tokens" in two.stderr, two)


def main():
    with tempfile.TemporaryDirectory() as folder:
        lora = os.path.join(folder, "lora.gguf")
        with open(lora, "wb") as f:
            f.write(adapter())
        check_texts(lora)
        check_logits(folder, lora)
        check_refused(folder, lora)


main()
