# shellcheck shell=bash
# `scripts/bench http`: what a sync of an API costs, beside airbyte-cdk and dlt on the same work. Those
# are measured when `python3` (or $BENCH_PYTHON) can import them; nothing is installed for them.

# users: 100,000 users in pages of 1,000. nested: 1,001 requests of 50 ms. big: one page of 47 MB.
cases=(users nested big)

bench_http() {
    local chosen=("$@") case server wall cpu peak python=${BENCH_PYTHON:-python3}
    ((${#chosen[@]} > 0)) || chosen=("${cases[@]}")
    for case in "${chosen[@]}"; do
        [[ " ${cases[*]} " == *" $case "* ]] || die "there is no case \`$case\`; the cases are ${cases[*]}"
    done
    mapfile -t packages < <([[ -x /usr/bin/time ]] || echo time)
    install_packages "${packages[@]}"
    begin_run
    server=$(cargo bench --no-run --locked --bench http_server --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*http_server[^"]*\)".*/\1/p' | tail -1)
    [[ -x $server ]] || die "the local API was not built"
    start_session http_server exec_program "$server"
    until [[ -s $run_dir/http_server.log ]]; do sleep 0.05; done
    BENCH_URL="http://127.0.0.1:$(<"$run_dir/http_server.log")"
    export BENCH_URL

    for case in "${chosen[@]}"; do
        headline "$case"
        # The nested case is about waiting: its floor is 1,000 requests of 50 ms, 20 at a time.
        local command=("$program" sync --fresh --concurrency 20 "benches/http/$case.yaml" -f "$run_dir/$case.c1z")
        say "rolecall"
        read -r wall cpu peak < <(measure "${command[@]}")
        http_row "$case" rolecall "$wall" "$cpu" "$peak" >>"$run_dir/table"
        local tool
        for tool in airbyte_cdk dlt; do
            "$python" -c "import $tool" 2>/dev/null || { say "$tool is not installed" && continue; }
            say "$tool"
            read -r wall cpu peak < <(measure "$python" "benches/http/with_$tool.py" "$case" "$run_dir/$tool-$case")
            http_row "$case" "$tool" "$wall" "$cpu" "$peak" >>"$run_dir/table"
        done
    done
    say
    {
        echo "| case | tool | wall | CPU | peak memory | records/s |"
        echo "|---|---|---|---|---|---|"
        cat "$run_dir/table"
    }
}

exec_program() { exec "$@"; }

http_server_stop() { send TERM "$1"; }

# http_row CASE TOOL WALL CPU PEAK
http_row() {
    local records
    case $1 in
    users) records=100000 ;;
    nested) records=4000 ;;
    big) records=228004 ;;
    esac
    awk -v name="$1" -v tool="$2" -v wall="$3" -v cpu="$4" -v peak="$5" -v records="$records" 'BEGIN {
        printf "| %s | %s | %.2f s | %.2f s | %.0f MiB | %.0f |\n", name, tool, wall, cpu, peak, records / wall
    }'
}
