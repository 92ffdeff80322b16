# What a shell does without us: pipe.sh URL...
# -c is there to compare; wc reads all bytes for -l already.
curl -sS --fail "$@" | gzip -dc | wc -lc | {
    read -r records size
    echo "$records $((size - records))"
}
