"""Rows of bench/run that are programs of Debian packages, from the sysroots that world/matrix fetches."""
import os
import subprocess
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
WORLD = os.path.join(FOLDER, "..", "world")
SYSROOTS = os.path.join(WORLD, "cache", "matrix")
INSERTS = """create table words(id integer primary key, word text);
with recursive counter(i) as (select 1 union all select i + 1 from counter where i < 20000)
insert into words select i, hex(i * 7919) from counter;
create index by_word on words(word); select count(*), max(word) from words;"""
# Row: what is run, and how often one after the other.
PROGRAMS = {
    "dynamic-hello": (["/usr/bin/echo", "hello"], 10),
    "forks": (["/usr/bin/bash", "-c", "for ((i = 0; i < 1000; i++)); do ( : ); done"], 1),
    "python": (["/usr/bin/python3", "-c", "pass"], 1),
    "sqlite": (["/usr/bin/sqlite3", ":memory:", INSERTS], 1),
}
ENVIRONMENT = ["PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C", "TZ=UTC0"]
LONGEST = 900   # seconds


def sysroot_of(abi, sysroots):
    """The folder of the first architecture of matrix-architectures.txt that has this ABI; None: it is not there."""
    with open(os.path.join(WORLD, "matrix-architectures.txt"), encoding="ascii") as lines:
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    found = [os.path.join(sysroots, architecture, suite, "root") for architecture, its_abi, suite in rows if its_abi == abi]
    return next((folder for folder in found if os.path.isdir(folder)), None)


def command_of(row, candidate, prefix, sysroot):
    program, *arguments = PROGRAMS[row][0]
    if candidate == "postern":
        settings = ["--clean-env"] + [f"--env={setting}" for setting in ENVIRONMENT]
        return prefix + ["--sysroot", sysroot] + settings + ["--", program] + arguments
    return ["env", "-i"] + ENVIRONMENT + prefix + ["-L", sysroot, sysroot + program] + arguments


def measure(row, candidate, prefix, sysroot):
    """Nanoseconds from start to exit, as the parent sees them.

    The bound is a program's: with one of its own, subprocess looks only every 50 ms whether the child has ended.
    """
    command, times = ["timeout", str(LONGEST)] + command_of(row, candidate, prefix, sysroot), PROGRAMS[row][1]
    start = time.perf_counter_ns()
    for _ in range(times):
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=True)
    return (time.perf_counter_ns() - start) / times
