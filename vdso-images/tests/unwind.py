# Runs inside gdb (check-calls starts it): steps through every call that tests/call.c makes and
# demands at each instruction of the image that gdb finds the caller, with its registers.
import os
import sys

import gdb

START = int(os.environ["UNWIND_ADDRESS"])
END = START + int(os.environ["UNWIND_SIZE"])
# Registers a call preserves, by gdb's names.
PRESERVED = {
    "x86-64": "rsp rbx rbp r12 r13 r14 r15",
    "i386": "esp ebx ebp esi edi",
    "aarch64": "sp x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29",
    "arm": "sp r4 r5 r6 r7 r8 r9 r10 r11",
    **dict.fromkeys(("mips-o32", "mipsel-o32", "mips-n64", "mipsel-n64", "mips-n32", "mipsel-n32"), "sp s0 s1 s2 s3 s4 s5 s6 s7 s8"),
    **dict.fromkeys(("ppc32", "ppc64", "ppc64le"), "r1 r2 " + " ".join(f"r{n}" for n in range(14, 32))),
    **dict.fromkeys(("riscv64", "riscv32"), "sp fp s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11"),
    **dict.fromkeys(("s390x", "s390"), "r15 r6 r7 r8 r9 r10 r11 r12 r13"),
    **dict.fromkeys(("sh4", "sh4eb"), "r15 r8 r9 r10 r11 r12 r13 r14"),
    "parisc": "sp " + " ".join(f"r{n}" for n in range(3, 19)),
}[os.environ["UNWIND_ABI"]].split()


# First instructions of functions inside the image that were followed to their end, and of those
# that were entered.
inner, entered = set(), []


class Failure(Exception):
    pass


def program_counter():
    return int(gdb.parse_and_eval("(unsigned long)$pc"))


def in_image(address):
    return START <= address < END


def caller():
    """The frame that called into the image, and how deep in the image the program is."""
    frame, depth = gdb.newest_frame().older(), 0
    while frame is not None and in_image(frame.pc()):
        frame, depth = frame.older(), depth + 1
    if frame is None:
        raise Failure("no caller")
    return (frame.name(), frame.pc(), tuple(int(frame.read_register(name)) for name in PRESERVED)), depth


def where():
    return gdb.execute("info symbol $pc", to_string=True).strip()


def follow_call(seen):
    """From the first instruction of a function of the image to the caller. The instructions
    seen are added to `seen`."""
    function = where().split(" ")[0]
    wanted, depth = caller()
    if wanted[0] not in ("visit", "visit5", "visit_sgx", "arch_call", "test_vsyscall", "through_gate"):
        raise Failure(f"{where()}: called from {wanted[0]}")
    while in_image(program_counter()):
        address = program_counter()
        if address in inner:   # seen to its end: not all of its rounds again
            gdb.execute("finish", to_string=True)
            continue
        if address not in seen:
            seen.setdefault(address, function)
            before = depth
            found, depth = caller()
            if found != wanted:
                raise Failure(f"{address - START:#x} ({where()}): caller {found}, not {wanted}")
            if depth > before:
                entered.append(address)
            elif depth < before and entered:
                inner.add(entered.pop())
        gdb.execute("stepi", to_string=True)


# i386 signal trampolines: offset of struct sigcontext from esp there, and of its members.
TRAMPOLINES = {"__kernel_sigreturn": 4,
        "__kernel_rt_sigreturn": 160} if os.environ["UNWIND_ABI"] == "i386" else {}
SIGCONTEXT = {"edi": 16, "esi": 20, "ebp": 24, "esp": 28, "ebx": 32, "edx": 36, "ecx": 40, "eax": 44,
        "eip": 56}


def check_trampolines():
    """Lays a signal frame on the stack and demands that gdb finds the interrupted function and
    its registers from each instruction of the trampoline."""
    if not TRAMPOLINES:
        return
    inferior = gdb.selected_inferior()
    interrupted = int(gdb.parse_and_eval("(unsigned long)visit")) + 1
    saved = {name: int(gdb.parse_and_eval(f"(unsigned long)${name}")) for name in SIGCONTEXT}
    frame = saved["esp"] - 1024
    for symbol, context in TRAMPOLINES.items():
        entry = int(gdb.parse_and_eval(f"(unsigned long)&'{symbol}'"))
        code = bytes(inferior.read_memory(entry, 8))
        starts = [0, 1, 6] if code[0] == 0x58 else [0, 5]   # pop %eax, if any; mov; int
        values = {name: 0x1000 + offset for name, offset in SIGCONTEXT.items()}
        values.update(eip=interrupted, esp=saved["esp"])
        for name, offset in SIGCONTEXT.items():
            inferior.write_memory(frame + context + offset, values[name].to_bytes(4, "little"))
        for start in starts:
            gdb.execute(f"set $esp = {frame + (4 if code[0] == 0x58 and start else 0)}")
            gdb.execute(f"set $pc = {entry + start}")
            older = gdb.newest_frame().older()
            found = {name: int(older.read_register(name)) & 0xFFFFFFFF for name in SIGCONTEXT}
            if found != values or older.name() != "visit" or gdb.newest_frame().type() != gdb.SIGTRAMP_FRAME:
                raise Failure(f"{symbol} + {start}: found {older.name()} {found}, not {values}")
    for name, value in saved.items():
        gdb.execute(f"set ${name} = {value}")


def main():
    gdb.execute("set confirm off")
    gdb.execute("set pagination off")
    gdb.execute(f"target remote {os.environ['UNWIND_SOCKET']}", to_string=True)
    gdb.execute(f"add-symbol-file {os.environ['UNWIND_IMAGE']} -o {START:#x}", to_string=True)
    entries = sorted({int(s, 16) for s in os.environ["UNWIND_ENTRIES"].split()})
    for entry in entries:
        gdb.Breakpoint(f"*{START + entry:#x}")
    seen, reached = {}, set()
    calls = 0
    while True:
        gdb.execute("continue", to_string=True)
        if not gdb.selected_inferior().threads():
            break
        if calls == 0:
            check_trampolines()
        reached.add(program_counter() - START)
        follow_call(seen)
        calls += 1
    missed = {int(s, 16) for s in os.environ["UNWIND_CALLED"].split()} - reached
    if missed:
        raise Failure("never stopped at " + ", ".join(f"{offset:#x}" for offset in sorted(missed)))
    named = {}
    for function in seen.values():
        named[function] = named.get(function, 0) + 1
    print(f"{os.environ['UNWIND_ABI']}: {calls} calls, {len(seen)} instructions: " +
          ", ".join(f"{name} {count}" for name, count in sorted(named.items())))
    return seen


status = 1   # whatever goes wrong in the script: gdb itself would end with 0
try:
    main()
    status = 0
except (Failure, gdb.error) as failure:
    print(f"FAIL {os.environ['UNWIND_ABI']}: {failure}")
finally:
    sys.stdout.flush()
    gdb.execute(f"quit {status}")
