# Read by the scripts that compare what a run of shell sections ("== name" before each) prints.

# show_differences OURS THEIRS NAME-OF-THEIRS: the sections in which two outputs differ, and how; the first eight.
show_differences() {
    awk -v theirs="$3" 'FNR == 1 { file++; name = "start"; if (!(name in seen)) { seen[name] = 1; order[++count] = name } }
        /^== / { name = substr($0, 4); if (!(name in seen)) { seen[name] = 1; order[++count] = name } }
        { text[file, name] = text[file, name] $0 "\n" }
        END {
            for (i = 1; i <= count; i++) {
                name = order[i]
                if (text[1, name] == text[2, name]) continue
                bad++
                if (bad <= 8) printf "--- section %s, Postern:\n%s--- %s:\n%s", name, substr(text[1, name], 1, 600), theirs, substr(text[2, name], 1, 600)
            }
            printf "%d of %d sections differ\n", bad, count
        }' "$1" "$2"
}
