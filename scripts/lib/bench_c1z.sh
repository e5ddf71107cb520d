# shellcheck shell=bash
# `scripts/bench c1z`: what work files and sync files cost by themselves, without a system to read.

# write: a million grants, sealed and packed. read: all of them, and what `inspect stats` needs.
# commits: a commit, by its size. checkpoint: its text, by the number of parents. expand: groups in groups.
parts=(write read commits checkpoint expand)

bench_c1z() {
    local chosen=("$@") part c1z
    ((${#chosen[@]} > 0)) || chosen=("${parts[@]}")
    for part in "${chosen[@]}"; do
        [[ " ${parts[*]} " == *" $part "* ]] || die "there is no case \`$part\`; the cases are ${parts[*]}"
    done
    mapfile -t packages < <([[ -x /usr/bin/time ]] || echo time)
    install_packages "${packages[@]}"
    begin_run
    c1z=$(cargo bench --no-run --locked --bench c1z --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\/c1z-[^"]*\)".*/\1/p' | tail -1)
    [[ -x $c1z ]] || die "the benchmark was not built"

    for part in "${chosen[@]}"; do
        headline "$part"
        "bench_c1z_$part" "$c1z" >>"$run_dir/table-$part"
    done
    say
    local tables=0
    for part in write read expand; do
        [[ -s $run_dir/table-$part ]] || continue
        ((tables++)) || printf '| case | wall | CPU | peak memory | file |\n|---|---|---|---|---|\n'
        cat "$run_dir/table-$part"
    done
    if [[ -s $run_dir/table-commits ]]; then
        printf '\n| rows of a commit | fastest | median | slowest | median per row |\n|---|---|---|---|---|\n'
        cat "$run_dir/table-commits"
    fi
    if [[ -s $run_dir/table-checkpoint ]]; then
        printf '\n| parents | largest checkpoint |\n|---|---|\n'
        cat "$run_dir/table-checkpoint"
    fi
}

bench_c1z_write() {
    c1z_row "1,000,000 grants: write, seal, pack" "$run_dir/out.c1z" "$1" write "$run_dir/out.c1z"
}

bench_c1z_read() {
    [[ -s $run_dir/out.c1z ]] || "$1" write "$run_dir/out.c1z"
    c1z_row "1,000,000 grants: read, by entitlement" - "$1" read "$run_dir/out.c1z"
    c1z_row "1,000,000 grants: \`inspect stats\`" - "$program" inspect "$run_dir/out.c1z" stats
}

bench_c1z_commits() { "$1" commits "$run_dir/commits.c1z"; }

bench_c1z_checkpoint() {
    local parents
    for parents in 1 1000 1000000; do "$1" checkpoint "$run_dir/checkpoint.c1z" "$parents"; done
}

# The work file is made once; what is measured begins with a copy of it.
bench_c1z_expand() {
    "$1" nested "$run_dir/nested.c1z"
    c1z_row "50,000 nested groups: expand, seal, pack" "$run_dir/expanded.c1z" \
        bash -c 'cp "$1/nested.c1z.work" "$1/expanded.c1z.work"; exec "$2" expand "$1/expanded.c1z"' - "$run_dir" "$1"
}

# c1z_row NAME FILE|- COMMAND…
c1z_row() {
    local name=$1 file=$2 wall cpu peak size=
    shift 2
    read -r wall cpu peak < <(measure "$@")
    [[ $file == - ]] || size=$(stat -c %s "$file")
    awk -v name="$name" -v wall="$wall" -v cpu="$cpu" -v peak="$peak" -v size="$size" 'BEGIN {
        printf "| %s | %.2f s | %.2f s | %.0f MiB | %s |\n", name, wall, cpu, peak,
            size == "" ? "" : sprintf("%.1f MiB", size / 1048576)
    }'
}
