-- What lua prints of this is the same wherever it runs: no addresses, no order of tables' hash parts.
local function section(name) print("== " .. name) end

section "integers"
print(7 // 2, -7 // 2, 7 % -3, -7 % 3, 7 // -2.0, -7 % 3.5)
print(math.maxinteger + 1 == math.mininteger, math.mininteger // -1, math.mininteger % -1, math.maxinteger * 3)
print(1 << 63, 1 << 64, 1 >> 1, -1 >> 60, ~0, 0x7fffffffffffffff & 0xff00ff00ff, 5 ~ 3, "10" + 5, "0x10" * 2)
print(123456789 * 987654321, 0xdeadbeefcafe // 12345, 0xdeadbeefcafe % 12345, -0xdeadbeefcafe // 12345)
print(pcall(function() return 1 // 0 end))
print(pcall(function() return 1 % 0 end))
print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), 3 | 0, pcall(function() return 3.5 | 0 end))
print(math.ult(1, -1), math.abs(math.mininteger), tostring(2^63), math.type(2^63), 2^53 + 1)

section "floats"
for _, format in ipairs { "%g", "%.3f", "%.17g", "%e", "%a", "%10.2f|", "%-12.5g|", "%+.1e", "%#.0f" } do
    local line = {}
    for _, x in ipairs { 0.0, -0.0, 1.0, 0.1, 1 / 3, math.pi, 1e100, 5e-324, 2^-1022, 1.7976931348623157e308, -123456.789 } do
        line[#line + 1] = string.format(format, x)
    end
    print(format, table.concat(line, " "))
end
print(1 / 0, -1 / 0, 0 / 0 ~= 0 / 0, 1e308 * 10, -0.0 == 0.0, 1 / -0.0, 3 // 0.0, -3 // 0.0, 5 % math.huge, -5 % math.huge)
print(1e15, 1e16, 2^31, 1e-7, 123456.0, 0.1 + 0.2, 100 // 1e-3, 7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2)
print(math.floor(-3.5), math.ceil(-3.5), math.fmod(-7, 3), math.fmod(7.5, 2), math.modf(-3.75))
for _, name in ipairs { "sin", "cos", "tan", "asin", "acos", "atan", "exp", "sqrt" } do
    print(name, string.format("%.12f %.12f %.12f", math[name](0.1), math[name](0.5), math[name](0.9)))
end
print(string.format("%.12f %.12f %.12f %.12f", math.log(10), math.log(8, 2), math.log(1000, 10), math.atan(-1, -1)))
print(tonumber("0x1.8p3"), tonumber("1e2"), tonumber("  12  "), tonumber("1e"), tonumber("zz", 36), tonumber("8", 8), tonumber("1_0"))
print(3 == 3.0, math.type(3), math.type(3.0), 2^53 == 2^53 + 1, 9007199254740993 < 9007199254740992.0, 1 < 1.5, math.maxinteger < 2^63)
local sum, product = 0.0, 1.0
for i = 1, 2000 do sum = sum + 1 / i / i; product = product * (1 + 1 / (i * i)) end
print(string.format("%.15g %.15g", sum, product))

section "strings"
print(("hello world"):gsub("o", "0"), ("abc"):rep(3, "-"), ("hello"):sub(-3), ("hello"):sub(2, -2), #"\0\1\2", ("x"):byte())
print(("key = value # note"):match("^(%w+)%s*=%s*(%w+)"), ("2024-02-29"):match("(%d+)-(%d+)-(%d+)"))
print(("THE (quick) fox"):find("%((%a+)%)"), ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):gsub("%f[%a]%a+", string.lower))
print(("$name is $age"):gsub("%$(%w+)", { name = "Ann", age = 42 }), ("abc"):gsub("", "-"), ("abc"):gsub("%w", "%0%0", 2))
for k, v in ("a=1, b=2, c=3"):gmatch("(%w+)=(%w+)") do io.write(k, ":", v, " ") end print()
print(string.format("%q %q %q %q", "line\nnew\0zero\"quote\\", 1 / 3, math.mininteger, 255), string.format("%5s|%-5s|%.2s|%c%c|%%|%i|%o|%x|%X|%#x", "ab", "ab", "abc", 72, 105, -7, 8, 255, 255, 255))
print(("été"):len(), utf8.len("été"), utf8.char(233, 8364, 128512), utf8.codepoint("€", 1), utf8.offset("aé€b", 4))
for p, c in utf8.codes("aé€") do io.write(p, "=", c, " ") end print()
print(("%d"):rep(3, " "):format(1, 2, 3), ("a,b,,c"):find(",", 1, true), ("x"):rep(0) == "", ("abc" < "abd"), ("Z" < "a"), ("" < "a"))
for _, layout in ipairs { "<i2", ">i2", "<I4", ">I8", "<d", ">d", "<f", ">f", "<!4 i1 i4", "z", ">s2" } do
    local value = (layout == "z" or layout == ">s2") and "text" or (layout:find "[df]") and 1.5 or nil
    local packed = layout == "<!4 i1 i4" and string.pack(layout, -2, 77) or string.pack(layout, value or 258)
    print(layout, packed:gsub(".", function(c) return ("%02x"):format(c:byte()) end), (string.unpack(layout, packed)))
end

section "tables"
local t = { 5, 2, 8, 1, 9, 3 }
table.sort(t) print(table.concat(t, ","))
table.sort(t, function(a, b) return a > b end) print(table.concat(t, ","))
table.insert(t, 1, 0) table.insert(t, 99) print(table.remove(t), table.remove(t, 2), #t, table.unpack(t, 2, 4))
print(table.concat(table.move({ 1, 2, 3 }, 1, 3, 3), " "), select("#", table.unpack({}, 1, 3)), table.pack(1, nil, 3).n, select(-1, 1, 2, 3))
local words, keys = {}, {}
for i = 1, 5000 do words["k" .. i * 7919 % 5000] = i end
for k in pairs(words) do keys[#keys + 1] = k end
table.sort(keys) print(#keys, keys[1], keys[#keys], words[keys[100]])
for i = 1, 5000, 2 do words["k" .. i] = nil end
local left = 0 for _, v in pairs(words) do left = left + v end print(left)
local floats = { [1.0] = "one", [2^53] = "big", [0.5] = "half" } print(floats[1], floats[9007199254740992], floats[0.5], rawlen { 1, 2 })
print(pcall(function() local u = {} u[nil] = 1 end), pcall(function() local u = {} u[0 / 0] = 1 end))

section "metatables"
local Vector = {} Vector.__index = Vector
function Vector.new(x, y) return setmetatable({ x = x, y = y }, Vector) end
Vector.__add = function(a, b) return Vector.new(a.x + b.x, a.y + b.y) end
Vector.__mul = function(a, k) return Vector.new(a.x * k, a.y * k) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Vector.__lt = function(a, b) return a.x < b.x end
Vector.__le = function(a, b) return a.x <= b.x end
Vector.__tostring = function(a) return ("(%g, %g)"):format(a.x, a.y) end
Vector.__len = function() return 2 end
Vector.__call = function(a, k) return a[k] end
Vector.__concat = function(a, b) return tostring(a) .. tostring(b) end
Vector.__unm = function(a) return Vector.new(-a.x, -a.y) end
Vector.__close = function(a) print("closed", a) end
local a, b = Vector.new(1, 2), Vector.new(3, 4.5)
print(tostring(a + b), tostring(a * 3), a == b, a == Vector.new(1, 2), a < b, a <= b, #a, b "y", a .. b .. "!", tostring(-b))
do local guard <close> = a; local fixed <const> = 7; print("inside", fixed) end
print(pcall(function() local guard <close> = b; error("left by an error", 0) end))
local log = {}
local proxy = setmetatable({}, { __index = function(_, k) log[#log + 1] = "get " .. k; return k:upper() end,
    __newindex = function(p, k, v) log[#log + 1] = "set " .. k; rawset(p, k, v) end })
proxy.x = 1; print(proxy.x, proxy.name, table.concat(log, ", "))

section "closures"
local function counter() local n = 0; return function(d) n = n + (d or 1); return n end, function() return n end end
local step, now = counter() step() step(10) print(now())
local functions = {} for i = 1, 3 do functions[i] = function() i = i + 1; return i end end
print(functions[1](), functions[1](), functions[2](), functions[3]())
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local function tail(n, s) if n == 0 then return s end return tail(n - 1, s + n) end
print(fib(21), tail(100000, 0), select("#", (function(...) return ... end)(1, nil, nil)))
local function permutations(list, n)
    n = n or #list
    if n <= 1 then coroutine.yield(table.concat(list)) return end
    for i = 1, n do list[n], list[i] = list[i], list[n]; permutations(list, n - 1); list[n], list[i] = list[i], list[n] end
end
section "coroutines"
for p in coroutine.wrap(function() permutations { "a", "b", "c" } end) do io.write(p, " ") end print()
local co = coroutine.create(function(x, y)
    print("began", x, y)
    local z = coroutine.yield(x + y)
    local ok, message = pcall(function() coroutine.yield(z * 2); error({ code = z }) end)
    print("caught", ok, message.code, coroutine.isyieldable())
    error "broken"
end)
print(coroutine.resume(co, 1, 2)) print(coroutine.resume(co, 21)) print(coroutine.resume(co)) print(coroutine.resume(co), coroutine.status(co))
local total = 0
for i = 1, 2000 do local c = coroutine.wrap(function(n) local m = coroutine.yield(n + 1); return m * 2 end); total = total + c(i) + c(i) end
print(total, coroutine.close(coroutine.create(print)), select(2, pcall(coroutine.wrap(function() error "inside" end))))

section "errors"
print(pcall(error, "text")) print(select(2, pcall(error, setmetatable({}, { __tostring = function() return "object" end }))))
print(pcall(function() local x = nil; return x.field end)) print(pcall(function() return 1 + {} end)) print(pcall(function() return #5 end))
print(pcall(function() return {} < {} end)) print(pcall(string.rep)) print(pcall(string.format, "%d", 1.5)) print(load("return +"))
print(xpcall(function() error("deep", 0) end, function(m) return "handled " .. m end))
local function overflow() return 1 + overflow() end
local ok, message = pcall(overflow) print(ok, message:match "stack overflow")
print(select(2, pcall(string.rep, "x", 1 << 40)):match "resulting string too large")
local depth = 0 local function nested(n) if n == 0 then error("bottom", 0) end local good, m = pcall(nested, n - 1); depth = depth + 1; error(m, 0) end
print(pcall(nested, 150)) print(depth)
goto over
print "not printed"
::over::
print(load("local a <const> = 1; a = 2"), load(string.dump(function(x) return x * 2 end))(21), load("return ...", "chunk", "t", {})(9))

section "garbage"
local collected, weak = 0, setmetatable({}, { __mode = "k" })
for mode in ("incremental generational"):gmatch "%a+" do
    collectgarbage(mode)
    for i = 1, 3000 do setmetatable({ i }, { __gc = function() collected = collected + 1 end }); weak[{}] = i end
    local text = {} for i = 1, 20000 do text[#text + 1] = ("%d:%s"):format(i, ("x"):rep(i % 50)) end
    print(mode, #table.concat(text)) text = nil
    collectgarbage() collectgarbage()
end
print(collected, next(weak), collectgarbage "count" < 4000, collectgarbage "isrunning")

section "work"
local sieve, primes = {}, 0
for i = 2, 30000 do if not sieve[i] then primes = primes + 1; for j = i * i, 30000, i do sieve[j] = true end end end print(primes)
local seed, hash = 42, 0
for i = 1, 50000 do seed = (seed * 6364136223846793005 + 1442695040888963407); hash = (hash ~ (seed >> 33)) * 1099511628211 end print(seed, hash)
math.randomseed(7, 9) print(math.random(1, 100), math.random(0), string.format("%.15f", math.random()))
local function multiply(n) local m, r = {}, {} for i = 1, n do m[i] = {} for j = 1, n do m[i][j] = 1 / (i + j) end end
    for i = 1, n do r[i] = {} for j = 1, n do local s = 0.0 for k = 1, n do s = s + m[i][k] * m[k][j] end r[i][j] = s end end return r end
local m = multiply(30) print(string.format("%.15g %.15g", m[1][1], m[30][29]))

section "files"
local name = "lua-output"
local f = assert(io.open(name, "w")) f:setvbuf("full", 512)
for i = 1, 1000 do f:write(i, " ", i / 8, "\n") end print(f:seek "cur", f:close(), io.type(f))
local lines, numbers = 0, 0 for l in io.lines(name) do lines = lines + 1; numbers = numbers + tonumber(l:match " (.*)") end print(lines, numbers)
f = io.open(name, "r+b") print(f:read "n", f:read "n", f:read "L", f:read(4), f:seek("set", 100), f:read "l", f:seek("end"), f:read(1), f:read "a")
f:seek("set", 0) f:write "ONE" f:seek "set" print(f:read "l") f:close()
print(io.open("/none/none")) print(pcall(io.lines, "none")) print(os.rename(name, "moved"), os.remove "moved", os.remove "moved")
print(os.date("!%Y-%m-%d %H:%M:%S %j %A", 951782400), os.time { year = 2001, month = 9, day = 9, hour = 1, min = 46, sec = 40 }, os.getenv "NOTHING", os.clock() >= 0)
local pipe = io.popen "echo from a pipe; exit 3" print(pipe:read "l", pipe:close()) print(os.execute "exit 5") print(os.execute "kill -TERM $$")
io.stdout:flush() io.stderr:write "to standard error\n"
section "end"
os.exit(7, true)
