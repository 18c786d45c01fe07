"""Runs the tests of one module of CPython's own test package, one after the other, and appends a line for each to a file:

    start TEST
    RESULT TEST SECONDS       with RESULT one of ok, fail, error, skip, expected-failure, unexpected-success

and `end` behind the last one. Tests that the file has already are left out, so who was stopped (or died) in the middle of
one goes on behind it when started again: a `start` without a result is a test that did not come back.

Usage: python-tests-runner.py MODULE FILE [PATTERN]...     only tests whose name contains one of the patterns
"""
import faulthandler
import importlib
import os
import sys
import time
import unittest


class Record(unittest.TextTestResult):
    """Writes the file; what failed, with its traceback, is printed as unittest prints it."""

    def __init__(self, stream, descriptions, verbosity, path):
        super().__init__(stream, descriptions, verbosity)
        self.path = path

    def append(self, line):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def startTest(self, test):
        super().startTest(test)
        self.result, self.started = "ok", time.monotonic()
        self.append(f"start {test.id()}")

    def stopTest(self, test):
        super().stopTest(test)
        self.append(f"{self.result} {test.id()} {time.monotonic() - self.started:.2f}")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.result = "fail" if issubclass(error[0], test.failureException) else "error"

    def addError(self, test, error):
        super().addError(test, error)
        self.result = "error"
        if not hasattr(test, "_testMethodName"):   # setUpClass, setUpModule: no test of the class ran
            self.append(f"start {test.id()}")
            self.append(f"error {test.id()} 0")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.result = "fail"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.result = "skip"
        if not hasattr(test, "_testMethodName"):
            self.append(f"start {test.id()}")
            self.append(f"skip {test.id()} 0")

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.result = "expected-failure"

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.result = "unexpected-success"


def without(suite, seen, patterns):
    """The suite without tests that ran in an earlier process, or that nobody asked for."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, seen, patterns))
        elif test.id() not in seen and (not patterns or any(pattern in test.id() for pattern in patterns)):
            kept.addTest(test)
    return kept


def main():
    module, path, *patterns = sys.argv[1:]
    with open(path, "a+", encoding="utf-8") as file:
        file.seek(0)
        seen = {line.split()[1] for line in file if line.startswith("start ")}
    from test import support
    from test.support import os_helper
    support.verbose = True
    support.use_resources = ["subprocess", "walltime"]   # none that needs the network, or gigabytes
    faulthandler.enable()
    with os_helper.temp_cwd(f"python-test-{os.getpid()}"):
        suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(f"test.{module}"))
        runner = unittest.TextTestRunner(sys.stderr, verbosity=2)
        runner.resultclass = lambda *arguments: Record(*arguments, path)
        runner.run(without(suite, seen, patterns))
        support.reap_children()
    with open(path, "a", encoding="utf-8") as file:
        file.write("end\n")


if __name__ == "__main__":
    main()
