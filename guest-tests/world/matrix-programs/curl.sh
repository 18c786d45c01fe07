# packages: curl dash coreutils diffutils sed
# server: http
section() { echo "== $*"; }
section get; curl -s "$SERVER/hello"; curl -s "$SERVER/numbers" | md5sum; curl -s -o out -w '%{http_code} %{size_download} %{content_type}\n' "$SERVER/numbers"; seq 1 20000 | cmp - out && echo same
section headers; curl -s -I "$SERVER/hello" | head -n 1 | tr -d '\r'; curl -s -D headers "$SERVER/hello" -o /dev/null; tr -d '\r' <headers | sed -n 's/^Content-[Ll]ength: //p'
section errors; curl -s -f "$SERVER/missing"; echo "status $?"; curl -s http://127.0.0.1:1/; echo "status $?"; curl -s --max-time 5 http://nothing.invalid/ ; [ $? -ne 0 ] && echo unresolved; curl -s gopherx://x; echo "status $?"
section several; curl -s "$SERVER/hello" "$SERVER/hello"; curl -s -O "$SERVER/hello" && cat hello; curl -s -r 0-4 file://"$PWD"/out; curl -s -X POST -d a=b -o /dev/null -w '%{http_code}\n' "$SERVER/hello"; curl -s "$SERVER/{hello,hello}?[1-2]" | wc -l
section names; port=${SERVER##*:}; curl -s "http://localhost:$port/hello"
section resolve; curl -s --resolve "made.up:$port:127.0.0.1" "http://made.up:$port/hello"
section options; curl --version | head -n 1 | cut -c1-5; curl -s -G --data-urlencode 'q=a b' -o /dev/null -w '%{url_effective}\n' "$SERVER/hello" | sed 's,.*/,,'; curl -s --compressed "$SERVER/hello"; curl -s -T hello "$SERVER/put" -o /dev/null -w '%{http_code}\n'
section end
