# SPDX-License-Identifier: MIT
"""catalog.py FOLDER: writes the catalogue of the tiny model's adapters, with their digests."""
import hashlib
import os
import sys

ENTRIES = (("proofread", "proofread", None, "Correct spelling and grammar"),
           ("tone-friendly", "tone", "friendly", "Make it friendlier"),
           ("tone-professional", "tone", "professional", "Make it professional"),
           ("tone-concise", "tone", "concise", "Make it concise"))


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def main(folder):
    base = digest(os.path.join(folder, "base.gguf"))
    with open(os.path.join(folder, "catalog.yaml"), "w", encoding="utf-8") as f:
        f.write("# Written by recipe/catalog.py. The adapters of the embedded model, base.gguf.\n"
                "version: 1\nadapters:\n")
        for name, task, style, title in ENTRIES:
            style = f"    style: {style}\n" if style else ""
            f.write(f"  - name: {name}\n    task: {task}\n{style}    title: {title}\n"
                    f"    file: {name}.gguf\n    digest: {digest(os.path.join(folder, name + '.gguf'))}\n"
                    f"    base: {base}\n    prompt: \"{{{{ text }}}}\"\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
