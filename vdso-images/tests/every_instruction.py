"""Unwinding from every instruction of an image, without a debugger: `check-calls --unwind`.

The program of tests/call.c runs under unwind_conformance (guest-tests/unwind), which looks at each
instruction of the image; once with a page that keeps changing, so that functions start over. Handlers
of a guest test return through the trampolines. What was looked at is compared with a listing of the
image's code.
"""

import re
import subprocess

# What a listing shows between instructions: padding, constants, bytes that are no instruction.
NO_CODE = re.compile(r"nop|lea +(0x0\(%esi,%eiz,1\),%esi|0x0\(%esi\),%esi)|xchg +%ax,%ax|cs nopw|\.(long|short|word|insn)|"
                     r".*<UNDEFINED>|ud2|udf|break|lwz +r0,0\(|li +r0,0\b")
# Functions that no call and no handler enters, and why.
NOT_ENTERED = {
    name: "where a stopped system call goes on, and the kernel alone knows from where"
    for name in ("__kernel_restart_syscall", "__kernel_compat_restart_syscall", "restart_syscall")
}
# Instructions without a description, and why.
NOT_DESCRIBED = {
    "aarch64": "the signal trampoline, which unwinders know by its two words and want to see undescribed",
}
MOST_MISSED = 0.05, 15   # share of the instructions, and how many are always allowed


def look(program, arguments):
    """What unwind_conformance says of a run: [(kind, code, first, second)] and the failure, if any."""
    result = subprocess.run([program, "--list", *arguments], capture_output=True, text=True, timeout=300)
    rows = re.findall(r"^(function|reached) (\S+) (\S+) (\S+)$", result.stdout, re.M)
    other = [line for line in result.stdout.splitlines() if not re.match("(function|reached) ", line)]
    return rows, "\n".join([*other, result.stderr]) if result.returncode else ""


def listing(objdump, image):
    """Instructions of the image by offset."""
    output = subprocess.run([objdump, "-d", "--no-show-raw-insn", image], capture_output=True, text=True, check=True).stdout
    return {int(at, 16): text for at, text in re.findall(r"^ *([0-9a-f]+):\t(.*)$", output, re.M)}


def check(abi, image, runs, names, code):
    """Prints the image's row of the table and what is wrong; the number of that. `image`: as unwind_conformance
    calls it, `runs`: what `look` gave, `names`: of functions by offset, `code`: the listing."""
    problems = [failure for _, failure in runs if failure]
    functions, reached = {}, {}
    for kind, name, first, second in (row for rows, _ in runs for row in rows):
        if name != image:
            continue
        if kind == "function":
            functions[int(first, 16)] = int(second, 16)
        else:
            reached[int(first, 16)] = second == "described"
    inside = {at for at, text in code.items() if not NO_CODE.match(text)
              and any(start <= at < end for start, end in functions.items())}
    missed = inside - reached.keys()
    entered = {start for start, end in functions.items() if any(start <= at < end for at in reached)}
    excused = [names.get(start, "") for start in functions.keys() - entered if names.get(start) in NOT_ENTERED]
    problems += [f"{names.get(start, 'a function')} at {start:#x} is never entered"
                 for start in functions.keys() - entered if names.get(start) not in NOT_ENTERED]
    undescribed = sum(not described for described in reached.values())
    if undescribed and abi not in NOT_DESCRIBED:
        problems.append(f"{undescribed} instructions have no description")
    if not inside or len(missed) > max(MOST_MISSED[0] * len(inside), MOST_MISSED[1]):
        problems.append("too few instructions reached: not " + " ".join(f"{at:#x}" for at in sorted(missed)))
    notes = [f"{name}: {NOT_ENTERED[name]}" for name in excused] + ([NOT_DESCRIBED[abi]] if undescribed and abi in NOT_DESCRIBED else [])
    print(f"{image:<12}{len(functions):>10}{len(entered):>9}{len(inside):>13}{len(inside - missed):>9}{undescribed:>15}"
          f"{len(problems):>7}  {'; '.join(notes)}".rstrip())
    for problem in problems:
        print(f"FAIL {abi}: {problem}")
    return len(problems)


HEADING = f"{'':12}{'functions':>10}{'entered':>9}{'instructions':>13}{'reached':>9}{'not described':>15}{'wrong':>7}"
