# packages: python3 dash coreutils
# seconds: 120
cat >test.py <<'EOF'
import threading, queue, concurrent.futures, time
def section(name): print("==", name, flush=True)
section("threads")
lock, total = threading.Lock(), 0
def work(n):
    global total
    for _ in range(1000):
        with lock: total += n
threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
for t in threads: t.start()
for t in threads: t.join()
print(total)
section("queues")
q, done = queue.Queue(2), []
def consume():
    while (x := q.get()) is not None: done.append(x * x)
c = threading.Thread(target=consume); c.start()
for i in range(10): q.put(i)
q.put(None); c.join(); print(done)
section("pools")
with concurrent.futures.ThreadPoolExecutor(3) as pool: print(list(pool.map(lambda x: x + 1, range(5))))
section("waiting")
event = threading.Event(); threading.Timer(0.05, event.set).start(); print(event.wait(5)); print(threading.Condition().__enter__())
barrier = threading.Barrier(2); t = threading.Thread(target=barrier.wait); t.start(); barrier.wait(5); t.join(); print(threading.active_count())
section("processes")
import multiprocessing
with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2, 3]))
EOF
timeout 60 python3 test.py || echo "status $?"
echo "== end"
