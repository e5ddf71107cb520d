# shellcheck shell=bash
# `scripts/bench sql`: what a sync of a database costs, beside the database's own client.

forms=(per-resource once bulk)
queries=(
    "SELECT id, login, name, email, active FROM users"
    "SELECT id, name FROM teams"
    "SELECT team_id, user_id FROM memberships"
)

# row DATABASE NAME WALL CPU PEAK WALL-OF-THE-DUMP
row() {
    awk -v db="$1" -v name="$2" -v wall="$3" -v cpu="$4" -v peak="$5" -v dump="$6" 'BEGIN {
        printf "| %s | %s | %.2f s | %.2f s | %.0f MiB | %.1f |\n", db, name, wall, cpu, peak, wall / dump
    }'
}

# The client's dump of all that a sync reads, a query after the other.
dump() { # DATABASE PORT PASSWORD
    local query
    for query in "${queries[@]}"; do
        case $1 in
        postgres)
            PGPASSWORD=$3 "$(postgres_program psql)" -X -q -h 127.0.0.1 -p "$2" -U postgres -d bench \
                -c "COPY ($query) TO STDOUT"
            ;;
        mariadb)
            MYSQL_PWD=$3 "$(mariadb_program mariadb)" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$2" \
                -u root --quick --batch -e "$query" bench
            ;;
        esac
    done
}

seed() { # DATABASE PORT PASSWORD
    case $1 in
    postgres)
        export PGPASSWORD=$3
        local psql=("$(postgres_program psql)" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$2" -U postgres)
        "${psql[@]}" -c 'CREATE DATABASE bench'
        "${psql[@]}" -d bench -f benches/sql/postgres.sql
        ;;
    mariadb)
        export MYSQL_PWD=$3
        local client=("$(mariadb_program mariadb)" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$2" -u root)
        "${client[@]}" -e 'CREATE DATABASE bench'
        "${client[@]}" bench <benches/sql/mariadb.sql >/dev/null
        ;;
    esac
}

dsn_of() { # DATABASE PORT PASSWORD
    case $1 in
    postgres) echo "postgres://postgres:$3@127.0.0.1:$2/bench?sslmode=disable" ;;
    mariadb) echo "mysql://root:$3@127.0.0.1:$2/bench" ;;
    esac
}

bench_database() { # DATABASE FORM…
    local database=$1 form wall cpu peak dumped
    local port=${port_of[$1]} password=${password_of[$1]}
    shift
    headline "${title_of[$database]}: filling it"
    seed "$database" "$port" "$password"
    BENCH_DSN=$(dsn_of "$database" "$port" "$password")
    export BENCH_DSN

    # A file that a command can run, so that the client and rolecall are timed in the same way.
    {
        declare -p queries
        declare -f dump postgres_program mariadb_program
        printf 'dump %q %q %q >%q\n' "$database" "$port" "$password" "$run_dir/dumped"
    } >"$run_dir/dump"
    say "the client's dump"
    read -r wall cpu peak < <(measure bash "$run_dir/dump")
    dumped=$wall
    row "${title_of[$database]}" "dump by its own client" "$wall" "$cpu" "$peak" "$dumped" >>"$run_dir/table"
    for form in "$@"; do
        say "$form"
        read -r wall cpu peak < <(measure "$program" sync --fresh "benches/sql/$form.yaml" -f "$run_dir/$form.c1z")
        row "${title_of[$database]}" "$form" "$wall" "$cpu" "$peak" "$dumped" >>"$run_dir/table"
    done
}

bench_sql() {
    local database databases=(postgres mariadb) chosen=()
    while (($# > 0)); do
        case $1 in
        postgres | mariadb) databases=("$1") ;;
        *)
            [[ " ${forms[*]} " == *" $1 "* ]] || die "there is no \`$1\`; the databases are postgres, mariadb, the forms ${forms[*]}"
            chosen+=("$1")
            ;;
        esac
        shift
    done
    ((${#chosen[@]} > 0)) || chosen=("${forms[@]}")
    # Others that are running have other data, and other settings.
    unset ROLECALL_TEST_POSTGRES_URL ROLECALL_TEST_MYSQL_URL
    known_servers=("${databases[@]}")
    mapfile -t packages < <(
        missing_server_packages
        [[ -x /usr/bin/time ]] || echo time
    )
    install_packages "${packages[@]}"
    begin_run
    start_servers
    for database in "${databases[@]}"; do bench_database "$database" "${chosen[@]}"; done
    say
    {
        echo "| database | form | wall | CPU | peak memory | wall / dump |"
        echo "|---|---|---|---|---|---|"
        cat "$run_dir/table"
    }
}
