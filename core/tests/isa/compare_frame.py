"""What compare_sh and compare_parisc share: special values, running two engines, comparing what they leave."""
import collections
import re
import struct
import subprocess
import sys

INTEGERS = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fff, 0x8000, 0xffff8000, 0xff, 0x80, 0xffffffe0, 0xffffffff, 31, 32]
FLOATS = [0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff,
          0x4f000000, 0xcf000000, 0x4effffff, 0x3f000000, 0x40490fdb, 0x34000000]
DOUBLES = [0, 0x80000000, 0x3ff00000, 0xbff00000, 0x7ff00000, 0x00000001, 0x000fffff, 0x00100000, 0x7fefffff,
           0x41dfffff, 0x41e00000, 0xc1e00000, 0x3fe00000, 0x400921fb, 0x36a00000, 0x47efffff]


def interesting(random_, kind):
    """A word that is likely to be a special case: an integer, a single number, or the upper half of a double."""
    choice = random_.random()
    if choice < 0.5:
        return random_.choice({"float": FLOATS, "double": DOUBLES}.get(kind, INTEGERS))
    if kind == "float" and choice < 0.9:
        return random_.getrandbits(1) << 31 | random_.randrange(0x3a000000, 0x45000000)
    if kind == "double" and choice < 0.9:
        return random_.getrandbits(1) << 31 | random_.randrange(0x3f000000, 0x42000000)
    return random_.getrandbits(32)


def results(command, program, count, names, order):
    """Words of each test that the program writes, in the struct module's byte order."""
    done = subprocess.run(command.split() + [program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if done.returncode != 0 or len(done.stdout) != count * len(names) * 4:
        sys.exit(f"{command}: status {done.returncode}, {len(done.stdout)} bytes: {done.stderr.decode()}")
    words = struct.unpack(f"{order}{count * len(names)}I", done.stdout)
    return [words[i * len(names):(i + 1) * len(names)] for i in range(count)]


def report(tests, ours, oracle, names, is_known):
    """Prints what differs and is not known. How many differ where it is known, and elsewhere. A test has `text` and str()."""
    bad, known = collections.Counter(), 0
    for test, a, b in zip(tests, ours, oracle):
        differences = {name: f"{name} {x:08x}/{y:08x}" for name, x, y in zip(names, a, b) if x != y}
        if not differences:
            continue
        if is_known(test, differences.keys()):
            known += 1
            continue
        bad[re.sub(r"\d+", "N", test.text)] += 1
        print(f"{test}: " + ", ".join(list(differences.values())[:6]))
    if bad:
        print(f"{len(tests)} tests, {known} differ where it is known, {sum(bad.values())} elsewhere: {dict(bad)}")
    return known, sum(bad.values())


def add_repetition(parser):
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--instructions", type=int, default=1, help="go on with the next seeds until so many were executed")


def repeat(options, compare):
    """Calls it with one seed after the other, as `options` say. It answers instructions, tests that differ where it is
    known, and elsewhere; the exit status."""
    totals, seed = [0, 0, 0], options.seed
    while totals[0] < options.instructions:
        done = compare(seed)
        if not done[0]:
            sys.exit("nothing was executed")
        totals = [total + more for total, more in zip(totals, done)]
        print(f"seed {seed}: {totals[0]} instructions, {totals[1]} tests differ where it is known, {totals[2]} elsewhere", flush=True)
        seed += 1
    return 1 if totals[2] else 0
