# SPDX-License-Identifier: MIT
"""The front end's runners of tools by themselves (runner.c), told what to call."""
import json
import os
import queue
import subprocess
import threading

import harness


class Runner:
    def __init__(self, *files):
        self.process = subprocess.Popen(
            [os.path.join(harness.BUILD, "tests/bus/runner"), *files], text=True,
            env=dict(os.environ, ASSISTANTD_LIBEXEC_DIR=harness.BUILD),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.line = 0
        self.answers = {}
        self.queue = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for text in self.process.stdout:
            self.queue.put(json.loads(text))
        self.queue.put(None)

    def begin(self, *words):
        self.line += 1
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.line

    def end(self, line):
        while line not in self.answers:
            answer = self.queue.get(timeout=harness.PATIENCE)
            assert answer, "the runner has ended"
            self.answers[answer["line"]] = answer
        return self.answers.pop(line)

    def call(self, tool, verb="call", **arguments):
        return self.end(self.begin(verb, tool, json.dumps(arguments)))

    def things(self):
        return {t["id"]: t for t in self.end(self.begin("things"))["things"]}

    def run(self, tests, *more):
        """Each test on this runner, and then its end: how many failed."""
        failed = harness.run_tests(tests, self, *more)
        self.process.stdin.close()
        if self.process.wait(harness.PATIENCE):
            print(f"FAILED: the runner ended with {self.process.returncode}")
            failed += 1
        return failed
