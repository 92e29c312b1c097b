#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All of the engine's figures in one run: a JSON file, and a page that shows them.

  bench.py --engine build/assistant-engine --models DIR --out build/bench/bench

DIR holds q4_0.gguf, q4_k.gguf, q8_0.gguf and adapter-1.gguf to adapter-4.gguf; what is missing
is made, of random weights. `--reference 'node DIR/peer.mjs'` names another engine to compare
with: called with MODEL PROMPT GENERATED THREADS [ADAPTER], it prints one JSON line with `test`
(ppN, tgN) and `tokens_per_s` for each. Both take turns, round after round.
"""
import argparse
import dataclasses
import datetime
import json
import os
import platform
import resource
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
import models  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402

TIMEOUT = 900
TESTS = {"pp": "prompt", "tg": "generation"}


@dataclasses.dataclass
class Step:
    """One process of ours: what it measures, with how many adapters."""
    name: str
    measures: tuple
    types: tuple = (rows.MAIN,)
    adapters: int = 0
    rounds_within: bool = False     # what it prepares is too dear to do in every round


STEPS = (
    Step("speed", ("int8", "read", "speed", "read"), rows.TYPES, 1),
    Step("batch", ("batch",), adapters=4),
    Step("adapter", ("adapter",), adapters=2),
    Step("loading", ("loading",), adapters=4),
    Step("draft", ("draft",)),
    Step("prefix", ("prefix",)),
    Step("stolen", ("stolen",)),
    Step("train", ("train",)),
    Step("open", ("open",)),
    Step("context", ("read", "context", "read"), rounds_within=True),
)


class Disturbance:
    """What share of the machine's time went to others while a process of ours ran."""

    def __init__(self):
        self.ticks, self.ours = self.now()

    @staticmethod
    def now():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            with open("/proc/stat", encoding="ascii") as f:
                ticks = [int(n) for n in f.readline().split()[1:9]]
        except (OSError, ValueError):
            ticks = [0] * 8
        return ticks, (used.ru_utime + used.ru_stime) * os.sysconf("SC_CLK_TCK")

    def shares(self):
        """Of other processes, and of the host of a virtual machine."""
        ticks, ours = self.now()
        user, nice, system, idle, wait, *_, host = (b - a for a, b in zip(self.ticks, ticks))
        total = max(sum(ticks) - sum(self.ticks), 1)
        others = total - idle - wait - host - (ours - self.ours)
        return {"others": round(max(others, 0) / total, 4), "host": round(host / total, 4)}


class Bench:
    def __init__(self, options, shape):
        self.options = options
        self.models = models.Models(options.models, shape, self.tell)
        self.samples, self.runs, self.failures, self.kernels = [], [], {}, []
        self.disturbances = []
        if options.more:
            self.resume()

    def resume(self):
        """What an earlier run has measured, under the same settings."""
        with open(self.options.out + ".json", encoding="utf-8") as f:
            earlier = json.load(f)
        for name in ("prompt", "generate", "context", "small"):
            if earlier["settings"][name] != getattr(self.options, name):
                sys.exit(f"error: {self.options.out}.json: another {name}")
        self.samples, self.runs = earlier["samples"], earlier["runs"]
        self.kernels, self.disturbances = earlier["kernels"], earlier["disturbances"]
        self.failures = {(f["step"], f["type"], f["threads"]): f["reason"]
                         for f in earlier["failures"]}

    def tell(self, line):
        if not self.options.silent:
            print(line, file=sys.stderr, flush=True)

    def once(self, command, place):
        """What a process says, line by line; nothing where it failed, which is written down."""
        self.failures.pop(place, None)
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=TIMEOUT, check=False, text=True)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.failures[place] = str(error)
            return []
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            # A usage message begins with what the engine can do.
            self.failures[place] = "this engine does not measure it" if done.returncode == 64 \
                else said[-1] if said else f"ended with {done.returncode}"
            self.tell(self.failures[place])
            return []
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def lines(self, command, place):
        """Of several attempts the one that others disturbed least; one is enough where they
        hardly did. What was measured has no say in it."""
        whole = shlex.split(self.options.through) + command
        best, least = [], None
        for _ in range(1 + self.options.retries):
            self.tell(" ".join(whole))
            disturbance = Disturbance()
            said = self.once(whole, place)
            shares = disturbance.shares()
            if not said:
                break
            if least is None or shares["others"] < least["others"]:
                best, least = said, shares
            if shares["others"] <= rows.DISTURBED:
                break
            self.tell(f"others took {100 * shares['others']:.0f} % of the machine's time")
        if least:
            self.disturbances.append({"process": list(map(str, place)), **least})
        return best

    def ours(self, step, kind, threads, number):
        o = self.options
        command = [o.engine, "bench", self.models.base(kind), *step.measures, "--json",
                   "-t", str(threads), "-p", str(o.prompt), "-n", str(o.generate),
                   "-c", str(o.context), "-r", str(o.rounds if step.rounds_within else 1)]
        for path in self.models.adapters(step.adapters):
            command += ["--lora", path]
        head, *said = self.lines(command, (step.name, kind, threads)) or [None]
        if head:
            self.runs.append({"step": step.name, "type": kind, **head})
        for sample in said:
            sample.update(step=step.name, type=kind, threads=threads,
                          round=sample.get("round", 0) + number)
            self.samples.append(sample)

    def reference(self, kind, threads, number):
        o = self.options
        command = [*shlex.split(o.reference), self.models.base(kind), str(o.prompt),
                   str(o.generate), str(threads)]
        for variant, adapters in (("base", []), ("adapter", self.models.adapters(1))):
            if adapters and kind != rows.MAIN:
                continue
            for line in self.lines(command + adapters, ("reference", kind, threads)):
                self.samples.append({
                    "step": "reference", "measurement": TESTS[line["test"][:2]],
                    "variant": variant, "type": kind, "threads": threads, "round": number,
                    "value": line["tokens_per_s"], "unit": "tokens/s"})

    def round(self, number, threads):
        o = self.options
        for step in STEPS:
            if step.name not in o.steps or (step.rounds_within and number):
                continue
            for kind in (k for k in step.types if k in o.types):
                at = self.next_round(step.name, kind, threads)
                pair = [lambda s=step, k=kind, r=at: self.ours(s, k, threads, r)]
                if step.name == "speed" and o.reference:
                    pair.append(lambda k=kind, r=at: self.reference(k, threads, r))
                # Who goes first changes: caches and clocks favour neither.
                for run in pair[::-1] if at % 2 else pair:
                    run()
                yield

    def next_round(self, step, kind, threads):
        """Of what an earlier run has left, one more."""
        return 1 + max((s["round"] for s in self.samples if "round" in s and
                        (s["step"], s["type"], s["threads"]) == (step, kind, threads)), default=-1)

    def measure(self):
        """Yields after each step: what there is by then is worth keeping."""
        o = self.options
        if "kernels" in o.steps:
            self.kernels = self.lines([o.engine, "bench", "--kernels", "--json",
                                       *shlex.split(o.kernels)], ("kernels", None, None))
            yield
        for number in range(o.rounds):
            for threads in o.threads:
                yield from self.round(number, threads)


def machine():
    """The processor's name and what the system says of itself."""
    name = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            name = next((line.split(":", 1)[1].strip() for line in f
                         if line.startswith("model name")), name)
    except OSError:
        pass
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"processor": name, "processors": os.cpu_count(), "memory_bytes": pages,
            "system": f"{platform.system()} {platform.release()}", "load": os.getloadavg()[0]}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--models", required=True, help="folder of the files")
    parser.add_argument("--out", required=True, help="path of the results, without .json, .html")
    parser.add_argument("--reference", default="", help="command of another engine")
    parser.add_argument("--through", default="", help="command that runs every process")
    parser.add_argument("--threads", default="4,2", type=lambda s: [int(n) for n in s.split(",")])
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--retries", default=2, type=int,
                        help="of a process while others use the machine")
    parser.add_argument("--steps", default=",".join([s.name for s in STEPS] + ["kernels"]),
                        type=lambda s: s.split(","), help="only these, of: %(default)s")
    parser.add_argument("--prompt", default=256, type=int)
    parser.add_argument("--generate", default=32, type=int)
    parser.add_argument("--context", default=4000, type=int)
    parser.add_argument("--types", default=",".join(rows.TYPES), type=lambda s: s.split(","),
                        help="of weights, of: %(default)s")
    parser.add_argument("--more", action="store_true", help="rounds behind those in OUT.json")
    parser.add_argument("--kernels", default="", help="more arguments of bench --kernels")
    parser.add_argument("--small", action="store_true", help="models of a megabyte")
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    return options


def results(bench, begin):
    o = bench.options
    threads = sorted({run["threads"] for run in bench.runs} | set(o.threads), reverse=True)
    samples = rows.Samples(bench.samples, bench.failures)
    return {
        "begin": begin, "machine": machine(),
        "settings": {"threads": threads,
                     "rounds": 1 + max((s.get("round", 0) for s in bench.samples), default=0),
                     **{k: getattr(o, k) for k in
                        ("prompt", "generate", "context", "reference", "small")}},
        "rows": [dataclasses.asdict(row) for row in rows.build(samples, threads)],
        "warnings": rows.warnings(samples, threads, bench.disturbances),
        "failures": [{"step": step, "type": kind, "threads": threads, "reason": reason}
                     for (step, kind, threads), reason in bench.failures.items()],
        "disturbances": bench.disturbances, "runs": bench.runs, "samples": bench.samples,
        "kernels": bench.kernels,
    }


def write(path, text):
    """Whole or not at all: somebody may look at it meanwhile."""
    with open(path + ".part", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".part", path)


def save(bench, begin):
    result = results(bench, begin)
    write(bench.options.out + ".json", json.dumps(result, indent=1) + "\n")
    write(bench.options.out + ".html", report.page(result))
    return result


def main(arguments):
    options = parse(arguments)
    begin = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    bench = Bench(options, models.SMALL if options.small else models.LARGE)
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    for _ in bench.measure():
        save(bench, begin)
    for row in save(bench, begin)["rows"]:
        if not options.silent:
            print(report.line(row))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
