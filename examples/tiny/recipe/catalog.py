# SPDX-License-Identifier: MIT
"""catalog.py BUILD FOLDER: writes the catalogue of the tiny model's adapters."""
import hashlib
import json
import os
import subprocess
import sys

ENTRIES = (("proofread", "proofread", None, "Correct spelling and grammar"),
           ("tone-friendly", "tone", "friendly", "Make it friendlier"),
           ("tone-professional", "tone", "professional", "Make it professional"),
           ("tone-concise", "tone", "concise", "Make it concise"))


def engine(build, *args):
    return subprocess.run([os.path.join(build, "assistant-engine"), *args], check=True,
                          capture_output=True, text=True).stdout


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def rank(build, path):
    lines = (line.split() for line in engine(build, "package", path).splitlines())
    return next(words[1] for words in lines if words[0] == "rank")


def text(build, folder):
    base = json.loads(engine(build, "inspect", os.path.join(folder, "base.gguf"), "--json"))
    out = ("# Written by recipe/catalog.py. The adapters of the embedded model, base.gguf.\n"
           "version: 1\nadapters:\n")
    for name, task, style, title in ENTRIES:
        path = os.path.join(folder, name + ".gguf")
        style = f"    style: {style}\n" if style else ""
        out += (f"  - name: {name}\n    task: {task}\n{style}    title: {title}\n"
                f"    languages: [en]\n    file: {name}.gguf\n    digest: {digest(path)}\n"
                f"    base: {base['weights_digest']}\n"
                f"    tokenizer: {base['tokenizer_digest']}\n"
                f"    template: {base['template_digest']}\n"
                f"    rank: {rank(build, path)}\n    prompt: \"{{{{ text }}}}\"\n")
    return out


def main(build, folder):
    with open(os.path.join(folder, "catalog.yaml"), "w", encoding="utf-8") as f:
        f.write(text(build, folder))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
