# shellcheck shell=bash
# `scripts/bench author`: how long the author of a connector file of 2,000 lines waits.

# validate: the program, from start to end, and the checks by themselves. keystrokes: an editor.
waits=(validate keystrokes)

bench_author() {
    local chosen=("$@") wait author dialect
    ((${#chosen[@]} > 0)) || chosen=("${waits[@]}")
    for wait in "${chosen[@]}"; do
        [[ " ${waits[*]} " == *" $wait "* ]] || die "there is no case \`$wait\`; the cases are ${waits[*]}"
    done
    begin_run
    author=$(cargo bench --no-run --locked --bench author --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\/author-[^"]*\)".*/\1/p' | tail -1)
    [[ -x $author ]] || die "the benchmark was not built"

    for dialect in sql http; do
        "$author" file "$dialect" "$run_dir/$dialect.yaml"
        for wait in "${chosen[@]}"; do
            headline "$wait, $dialect"
            "bench_author_$wait" "$author" "$dialect" >>"$run_dir/table"
        done
    done
    say
    printf '| 2,000 lines | median | slowest |\n|---|---|---|\n'
    cat "$run_dir/table"
}

bench_author_validate() {
    printf '| `rolecall validate`, %s | %s |\n' "$2" "$("$1" process "$program" "$run_dir/$2.yaml")"
    printf '| reading and checking, %s | %s |\n' "$2" "$("$1" check "$run_dir/$2.yaml")"
}

bench_author_keystrokes() {
    printf '| a letter in an editor, %s | %s |\n' "$2" "$("$1" keystrokes "$program" "$run_dir/$2.yaml")"
}
