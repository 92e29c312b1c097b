# SPDX-License-Identifier: MIT
"""What the sections of `make eval` stand on: data, fixed subsets, and the real service."""
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.abspath(os.environ["srcdir"])
# The recipe before the tests: both have adapters.py, and it is the recipe's that is wanted.
sys.path[1:1] = [os.path.join(SOURCE, "examples", "tiny", "recipe"), os.path.join(SOURCE, "tests", "bus")]
import harness  # noqa: E402

TEN = 10
AT_ONCE = 4
CONFIG = "requests:\n  per_minute: 60000\n  queued_per_caller: 64\nhistory:\n  keep_text: false\n"

Result = collections.namedtuple("Result", "text source results error seconds")


def source_of(results):
    """Who answered: one word where it was always the same."""
    counts = collections.Counter(r.source or r.error for r in results)
    name, n = counts.most_common(1)[0]
    return name if n == len(results) else f"{name} ({100 * n // len(results)} %)"


def shipped_with(models):
    """A folder of the service's data whose model is that of @models."""
    folder = tempfile.mkdtemp(prefix="ad.", dir="/tmp")
    examples = os.path.join(SOURCE, "examples")
    for name in os.listdir(examples):
        if name != "tiny":
            os.symlink(os.path.join(examples, name), os.path.join(folder, name))
    os.symlink(models, os.path.join(folder, "tiny"))
    return folder


class Bench:
    """@data and @work are folders, @models one with base.gguf and catalog.yaml."""

    def __init__(self, data, work, models):
        self.root, self.work, self.models = data, work, os.path.abspath(models)
        self.source, self.build = SOURCE, harness.BUILD
        self.engine = os.path.join(self.build, "assistant-engine")
        self.threads = os.cpu_count() or 1
        self.section, self.shipped, self.service = "", None, None
        os.makedirs(work, exist_ok=True)

    def start(self):
        """The service, for all sections one."""
        self.shipped = shipped_with(self.models)
        self.service = harness.Service(config=CONFIG, data=self.shipped)
        self.service.__enter__()
        self.service.ready()

    def stop(self):
        self.service.__exit__(None, None, None)
        shutil.rmtree(self.shipped)

    def data(self, *parts):
        path = os.path.join(self.root, *parts)
        if not os.path.exists(path):
            raise SystemExit(f"{path}: not there; DATA is to hold it (examples/tiny/MODEL-CARD.md)")
        return path

    def rng(self, name):
        return random.Random("eval: " + name)

    def sample(self, name, items, n):
        items = list(items)
        chosen = sorted(self.rng(name).sample(range(len(items)), min(n, len(items))))
        return [items[i] for i in chosen]

    def first(self, items):
        return self.sample("ten of " + self.section, items, TEN)

    def lines(self, path):
        with open(path, encoding="utf-8") as f:
            return [line.rstrip("\n") for line in f]

    def rows(self, path):
        return [json.loads(line) for line in self.lines(path)]

    def held(self, name):
        """Rows of a file of held-out text, as the recipe of the model makes them."""
        folder = os.path.join(self.work, "held")
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            import adapters
            os.makedirs(folder, exist_ok=True)
            adapters.held_out(adapters.Texts(self.root), folder)
        return self.rows(path)

    def run(self, task, texts, **options):
        """Each text through the service: [Result], in order."""
        results = [None] * len(texts)
        waiting = list(enumerate(texts))[::-1]
        flying = [0]
        dictionary = harness.dbus.Dictionary(dict(options, timeout_ms=harness.dbus.UInt32(600000)),
                                             signature="sv")

        def begin():
            i, text = waiting.pop()
            began = time.monotonic()
            flying[0] += 1

            def done(answer, more):
                flying[0] -= 1
                results[i] = Result(str(answer), str(more.get("source", "")), more, "",
                                    time.monotonic() - began)

            def failed(error):
                flying[0] -= 1
                name = error.get_dbus_name().removeprefix(harness.ERROR)
                results[i] = Result("", "", {}, name, time.monotonic() - began)
            self.service.interface().Run(task, text, dictionary, timeout=harness.PATIENCE, reply_handler=done,
                                         error_handler=failed)

        while waiting or flying[0]:
            while waiting and flying[0] < AT_ONCE:
                begin()
            n = flying[0]
            harness.wait_for(lambda n=n: flying[0] < n, f"an answer to {task}")
        return results

    def score(self, rows):
        """How likely texts are to the base alone: [[nats]], None where one is too long."""
        run = subprocess.run([self.engine, "score", os.path.join(self.models, "base.gguf"), "--threads",
                              str(self.threads)], input="".join(json.dumps(r) + "\n" for r in rows),
                             capture_output=True, text=True, check=True)
        return [json.loads(line)["scores"] for line in run.stdout.splitlines()]
