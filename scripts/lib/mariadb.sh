# shellcheck shell=bash
# shellcheck disable=SC2154  # run_dir is in processes.sh
# A private MariaDB. Its files, its port and its password last as long as the run.

mariadb_program() {
    PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1"
}

mariadb_wanted() { [[ -z ${ROLECALL_TEST_MYSQL_URL:-} ]]; }

mariadb_packages() {
    { mariadb_program mariadbd && mariadb_program mariadb-install-db; } >/dev/null || echo mariadb-server
    certificate_packages
}

# mariadb_export PORT PASSWORD
mariadb_export() {
    export ROLECALL_TEST_MYSQL_URL="mysql://root:$2@127.0.0.1:$1/"
    export ROLECALL_TEST_MYSQL_TLS="$run_dir/mariadb/tls"
}

# mariadb_serve DIR PORT PASSWORD: becomes the server.
mariadb_serve() {
    local dir=$1 port=$2 password=$3
    mkdir -p "$dir/tmp"
    make_certificates "$dir/tls"
    # Run before the first connection is accepted. The server resolves no names, so `localhost`
    # is its socket and `127.0.0.1` its port.
    cat >"$dir/init.sql" <<SQL
ALTER USER 'root'@'localhost' IDENTIFIED BY '$password';
CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
SQL
    chmod 700 "$dir"
    give_to_user mysql "$dir"
    cd "$dir" || return
    as_user mysql "$(mariadb_program mariadb-install-db)" --no-defaults --datadir="$dir/data" \
        --tmpdir="$dir/tmp" --auth-root-authentication-method=normal --skip-test-db \
        --skip-name-resolve --innodb-flush-method=nosync
    # Nothing here has to survive a crash.
    exec_as_user mysql "$(mariadb_program mariadbd)" --no-defaults --datadir="$dir/data" --tmpdir="$dir/tmp" \
        --socket="$dir/socket" --pid-file="$dir/pid" --bind-address=127.0.0.1 --port="$port" \
        --ssl-ca="$dir/tls/ca.pem" --ssl-cert="$dir/tls/server.pem" --ssl-key="$dir/tls/server.key" \
        --init-file="$dir/init.sql" --skip-name-resolve --character-set-server=utf8mb4 \
        --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync
}

# mariadb_answers PORT PASSWORD
mariadb_answers() {
    MYSQL_PWD=$2 "$(mariadb_program mariadb)" --no-defaults --protocol=tcp --connect-timeout=2 \
        -h 127.0.0.1 -P "$1" -u root -e 'SELECT 1'
}

# There is nothing to keep, and while it starts it does not hear a polite request.
mariadb_stop() {
    # shellcheck disable=SC2046  # a list of numbers
    send KILL $(pids_in_sessions "$1")
}
