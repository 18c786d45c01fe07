# packages: python3 dash coreutils
# seconds: 400
cat >test.py <<'EOF'
import os, sys, time
def section(name): print("==", name, flush=True)

section("arithmetic")
print(2 ** 200, 7 // -2, 7 % -2, 0.1 + 0.2, 1e300 * 1e10, float("nan") != float("nan"), hex(255), round(2.675, 2), complex(1, 2) ** 2)
import math, decimal, fractions, random
print(math.pi, round(math.gamma(5.5), 9), math.fsum([.1] * 10), decimal.Decimal(1) / 7, fractions.Fraction(3, 9), math.isqrt(10 ** 40))
random.seed(5); print(random.random(), random.sample(range(100), 5))

section("text")
print(f"{3.14159:.2f}|{'x':>5}|{255:#x}|{1234567:,}", "größe".upper(), "€".encode(), b"\xff".decode("latin-1"), "a,b".split(","), repr("\u20ac\n"))
import re, string, textwrap
print(re.findall(r"(\w+)@(\w+)", "a@b c@d"), re.sub(r"\d+", lambda m: str(int(m[0]) * 2), "1 22 x"), textwrap.fill("word " * 20, 30))

section("struct")
import struct, array
print(struct.pack(">IHbd", 1, 2, -3, 1.5).hex(), struct.unpack("<q", b"\1\0\0\0\0\0\0\x80"), struct.calcsize("=iq"), array.array("d", [1, 2]).itemsize)

section("json")
import json, base64, zlib, binascii, csv, io
print(json.dumps({"a": [1, 2.5, None, True], "ü": "é"}, sort_keys=True), json.loads('{"x": [1e3, "\\u20ac"]}'), base64.b64encode(b"hello"), zlib.crc32(b"hello"), zlib.decompress(zlib.compress(b"x" * 1000)) == b"x" * 1000)
print(list(csv.reader(io.StringIO('a,"b,c"\n1,2\n'))))

section("hashlib")
import hashlib, hmac
for name in ("md5", "sha1", "sha256", "sha3_256", "blake2b"): print(name, hashlib.new(name, b"abc" * 1000).hexdigest()[:40])
print(hmac.new(b"k", b"m", "sha256").hexdigest(), hashlib.pbkdf2_hmac("sha256", b"p", b"s", 1000).hex())

section("subprocess")
import subprocess
print(subprocess.run(["echo", "hello"], capture_output=True, text=True).stdout.strip())
print(subprocess.check_output("tr a-z A-Z", shell=True, input=b"shout\n"))
p = subprocess.Popen(["sort"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True); print(p.communicate("b\na\n")[0].split())
print(subprocess.run(["sh", "-c", "exit 7"]).returncode, subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
try: subprocess.run(["/nothing/like/this"])
except FileNotFoundError as e: print("not found", e.errno)
try: subprocess.run(["sleep", "10"], timeout=0.3)
except subprocess.TimeoutExpired: print("timed out")
print(subprocess.run(["sh", "-c", "echo $X; pwd | wc -c"], env={"X": "given", "PATH": os.environ["PATH"]}, cwd="/", capture_output=True).stdout)

section("processes")
r, w = os.pipe(); pid = os.fork()
if pid == 0: os.write(w, b"from the child"); os._exit(5)
print(os.read(r, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 4"], os.environ); print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
try: os.posix_spawn("/nothing", ["x"], {})
except OSError as e: print("spawn", e.errno)
print(os.getpid() == int(os.readlink("/proc/self")), os.path.basename(os.path.realpath("/proc/self/exe"))[:7], sys.executable)

section("signals")
import signal
seen = []
signal.signal(signal.SIGUSR1, lambda n, f: seen.append(n)); os.kill(os.getpid(), signal.SIGUSR1); print(seen == [signal.SIGUSR1])
signal.signal(signal.SIGALRM, lambda n, f: seen.append("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.3); print(seen[1:])
print(signal.sigtimedwait([signal.SIGUSR2], 0.01)); signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); os.kill(os.getpid(), signal.SIGUSR2); print(signal.sigwait([signal.SIGUSR2]).name)

section("time")
t, m = time.time(), time.monotonic(); time.sleep(0.05); print(0.04 < time.time() - t < 5, 0.04 < time.monotonic() - m < 5)
print(time.gmtime(1700000000)[:6], time.strftime("%F %T", time.localtime(0)), time.clock_getres(time.CLOCK_MONOTONIC) <= 1)
import datetime; print(datetime.datetime.fromtimestamp(86400, datetime.timezone.utc).isoformat(), time.process_time() > 0)

section("files")
import tempfile, shutil, pathlib, glob, mmap, fcntl, stat
with tempfile.TemporaryDirectory() as d:
    p = pathlib.Path(d, "a", "b"); p.mkdir(parents=True); (p / "f").write_text("text\n"); os.symlink("f", p / "l")
    print(sorted(x.relative_to(d).as_posix() for x in pathlib.Path(d).rglob("*")), (p / "l").read_text(), stat.filemode((p / "f").stat().st_mode))
    shutil.copytree(p, pathlib.Path(d, "c"), symlinks=True); print(os.readlink(pathlib.Path(d, "c", "l")), len(glob.glob(d + "/**/f", recursive=True)))
    with open(p / "m", "w+b") as f:
        f.truncate(10000); m = mmap.mmap(f.fileno(), 0); m[9990:9995] = b"hello"; m.flush(); f.seek(9990); print(f.read(5), m.find(b"hello"))
        fcntl.flock(f, fcntl.LOCK_EX); fcntl.lockf(f, fcntl.LOCK_EX); print("locked", os.fstat(f.fileno()).st_size)
    os.utime(p / "f", (1, 2)); print(os.stat(p / "f").st_mtime, sorted(e.name for e in os.scandir(p)))
print(os.path.exists(d), os.access("/bin/sh", os.X_OK), sorted(os.listdir("/proc/self/task")) == [str(os.getpid())])

section("sqlite3")
import sqlite3
db = sqlite3.connect("t.db"); db.execute("create table t(k integer primary key, v text)")
with db: db.executemany("insert into t(v) values(?)", ((str(i * i),) for i in range(2000)))
try:
    with db: db.execute("insert into t values(99999, 'rolled back')"); raise ValueError
except ValueError: pass
print(db.execute("select count(*), sum(v), max(k) from t").fetchone(), db.execute("pragma integrity_check").fetchone())
print(db.execute("select v from t where v like '12%' order by k limit 3").fetchall(), sqlite3.connect(":memory:").execute("select 1.5 + 2, upper('x'), date(0, 'unixepoch')").fetchone())

section("sockets")
import socket, select
a, b = socket.socketpair(); a.sendall(b"pair"); print(b.recv(10))
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); n, _ = s.accept(); c.sendall(b"tcp"); print(n.recv(10), c.getpeername()[0])
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0)); u.sendto(b"udp", u.getsockname()); print(u.recvfrom(10)[0])
print(select.select([n], [c], [], 0)[:2] == ([], [c])); p = select.poll(); p.register(c, select.POLLOUT); print(p.poll(0)[0][1] == select.POLLOUT); e = select.epoll(); e.register(c.fileno(), select.EPOLLOUT); print(e.poll(0)[0][1] == select.EPOLLOUT)
us = socket.socket(socket.AF_UNIX); us.bind("sock"); us.listen(); uc = socket.socket(socket.AF_UNIX); uc.connect("sock"); r2, _ = us.accept(); socket.send_fds(uc, [b"f"], [sys.stdout.fileno()]); print(len(socket.recv_fds(r2, 1, 1)[1]))
path = os.path.abspath("by-its-whole-path"); us = socket.socket(socket.AF_UNIX); us.bind(path); us.listen(); uc = socket.socket(socket.AF_UNIX); uc.connect(path); print(us.getsockname() == path, uc.getpeername() == path, os.path.exists(path))

section("errors")
try: open("/nothing")
except OSError as e: print(e.errno, e.strerror)
try: 1 / 0
except ZeroDivisionError as e: print(e)
def deep(n): return deep(n + 1)
try: deep(0)
except RecursionError: print("recursion")
import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.close(999), ctypes.get_errno(), ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)(41))
import resource, platform, pwd; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0, platform.system(), pwd.getpwuid(0).pw_name)

section("work")
sieve = bytearray([1]) * 100000
for i in range(2, 317):
    if sieve[i]: sieve[i * i::i] = bytes(len(sieve[i * i::i]))
print(sum(sieve) - 2, len(sorted(random.random() for _ in range(20000))))
import asyncio
async def job(n): await asyncio.sleep(0.01 * n); return n
async def main(): return await asyncio.gather(*(job(n) for n in (3, 1, 2)))
print(asyncio.run(main()))
EOF
python3 -B test.py || echo "status $?"
echo "== modules"; echo 'x = 5' >mod.py; python3 -c 'import mod; print(mod.x)'; ls __pycache__ | wc -l; python3 -c 'import sys; sys.exit(3)'; echo "status $?"; echo 'print("stdin")' | python3 -; python3 -m json.tool --compact <<EOF
{"a": [1, 2]}
EOF
echo "== end"
