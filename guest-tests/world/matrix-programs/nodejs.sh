# packages: nodejs dash coreutils grep
# lacking: armel mipsel
# V8: compiles while it runs, threads, timers, sockets, child processes.
section() { echo "== $*"; }
section start; node -p '[1, 2, 3].map(x => x * 2).join()'
section numbers; node -e 'console.log(0.1 + 0.2, 2 ** 53, 10n ** 30n, Math.sqrt(2), (255).toString(16), parseInt("077", 8), [3, 1, 2].sort())'
section hot; node -e '
let s = 0; for (let i = 0; i < 3e6; i++) s = (s * 31 + i) | 0; console.log(s);
const f = n => n < 2 ? n : f(n - 1) + f(n - 2); console.log(f(22));
const m = new Map(); for (let i = 0; i < 50000; i++) m.set("k" + i % 1000, (m.get("k" + i % 1000) || 0) + i); console.log(m.size, m.get("k7"));
const a = new Float64Array(1000).map((_, i) => Math.sin(i)); console.log(a.reduce((x, y) => x + y).toFixed(9));'
section text; node -e 'console.log("grün".toUpperCase(), "a-b-c".replace(/-(\w)/g, (_, x) => x.toUpperCase()), JSON.stringify({ a: [1, null, "é"] }), Buffer.from("text").toString("base64"))'
section promises; node -e '
setImmediate(() => { console.log("immediate"); setTimeout(() => console.log("timeout"), 30); }); process.nextTick(() => console.log("tick"));
(async () => { console.log("async"); await null; console.log("awaited"); })();'
section files; node -e '
const fs = require("fs"); fs.writeFileSync("f", "one\ntwo\n"); fs.appendFileSync("f", "three\n");
console.log(fs.readFileSync("f", "utf8").split("\n").length, fs.statSync("f").size, fs.readdirSync("."));
fs.promises.readFile("f").then(b => console.log(b.length)); try { fs.readFileSync("none"); } catch (e) { console.log(e.code); }'
section crypto; node -e 'const c = require("crypto"); console.log(c.createHash("sha256").update("x").digest("hex"), c.randomBytes(8).length); const z = require("zlib"); console.log(z.gunzipSync(z.gzipSync("packed")).toString());'
section threads; node -e '
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
let left = 3, sum = 0;
for (let i = 0; i < 3; i++) new Worker("const { parentPort, workerData } = require(\"worker_threads\"); let s = 0; for (let i = 0; i < 1e5; i++) s += i % workerData; parentPort.postMessage(s);", { eval: true, workerData: i + 2 })
  .on("message", m => sum += m).on("exit", () => { if (--left == 0) console.log(sum); });'
section children; node -e 'const { execFileSync, spawn } = require("child_process"); console.log(execFileSync("echo", ["hello"]).toString()); spawn("sh", ["-c", "exit 3"]).on("exit", c => console.log("exit", c));'
section sockets; node -e '
const net = require("net"); const s = net.createServer(c => c.end("served")).listen(0, "127.0.0.1", () => net.connect(s.address().port, "127.0.0.1").on("data", d => { console.log(d.toString()); s.close(); }));'
section errors; node -e 'throw new Error("thrown")' 2>&1 | grep -c "Error: thrown"; node -e 'process.exit(7)'; echo "status $?"; node -e 'process.on("SIGUSR2", () => { console.log("signal"); process.exit(0); }); process.kill(process.pid, "SIGUSR2"); setTimeout(() => {}, 2000);'
section end
