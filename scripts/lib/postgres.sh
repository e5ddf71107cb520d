# shellcheck shell=bash
# shellcheck disable=SC2154  # run_dir is in processes.sh
# A private PostgreSQL. Its files, its port and its password last as long as the run.

# The path of a PostgreSQL program: Debian keeps them out of PATH, or wraps them there.
postgres_program() {
    local found
    found=$(printf '%s\n' /usr/lib/postgresql/*/bin/"$1" | sort -V | tail -n 1)
    if [[ -x $found ]]; then
        echo "$found"
    else
        command -v "$1"
    fi
}

postgres_wanted() { [[ -z ${ROLECALL_TEST_POSTGRES_URL:-} ]]; }

postgres_packages() {
    { postgres_program initdb && postgres_program postgres; } >/dev/null || echo postgresql
    certificate_packages
}

# postgres_export PORT PASSWORD
postgres_export() {
    export ROLECALL_TEST_POSTGRES_URL="postgres://postgres:$2@127.0.0.1:$1/postgres"
    export ROLECALL_TEST_POSTGRES_TLS="$run_dir/postgres/tls"
}

# postgres_serve DIR PORT PASSWORD: becomes the server.
postgres_serve() {
    local dir=$1 port=$2 password=$3
    unset "${!PG@}"
    mkdir -p "$dir"
    printf '%s\n' "$password" >"$dir/password"
    make_certificates "$dir/tls"
    chmod 700 "$dir"
    give_to_user postgres "$dir"
    cd "$dir" || return
    as_user postgres "$(postgres_program initdb)" --pgdata=data --username=postgres --pwfile=password \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync
    # The first line that fits decides: these users are asked for TLS, and for a certificate.
    cat - data/pg_hba.conf >hba <<HBA
hostssl all rolecall_encrypted 127.0.0.1/32 scram-sha-256
hostnossl all rolecall_encrypted 127.0.0.1/32 reject
hostssl all rolecall_certified 127.0.0.1/32 cert
HBA
    cat hba >data/pg_hba.conf
    # Nothing here has to survive a crash.
    exec_as_user postgres "$(postgres_program postgres)" -D data -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir" -c max_connections=200 \
        -c ssl=on -c ssl_ca_file="$dir/tls/ca.pem" \
        -c ssl_cert_file="$dir/tls/server.pem" -c ssl_key_file="$dir/tls/server.key" \
        -c shared_buffers=32MB -c fsync=off -c synchronous_commit=off -c full_page_writes=off
}

# postgres_answers PORT PASSWORD
postgres_answers() {
    unset "${!PG@}"
    PGPASSWORD=$2 PGCONNECT_TIMEOUT=2 "$(postgres_program psql)" -X -q -h 127.0.0.1 \
        -p "$1" -U postgres -d postgres -c 'SELECT 1'
}

# Killed outright it would leave its shared memory behind; this is its fast shutdown.
postgres_stop() { send INT "$1"; }
