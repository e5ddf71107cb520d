# shellcheck shell=bash
# A private InfluxDB 1.x. Its files, its ports and its password last as long as the run.

influxdb_program() { PATH=$PATH:/usr/sbin:/usr/local/bin command -v influxd; }

influxdb_wanted() { [[ -z ${ROLECALL_TEST_INFLUXDB_URL:-} ]]; }

influxdb_packages() { influxdb_program >/dev/null || echo influxdb; }

# influxdb_export PORT PASSWORD
influxdb_export() {
    export ROLECALL_TEST_INFLUXDB_URL="http://127.0.0.1:$1"
    export ROLECALL_TEST_INFLUXDB_USER=rolecall
    export ROLECALL_TEST_INFLUXDB_PASSWORD=$2
}

# influxdb_serve DIR PORT PASSWORD: becomes the server.
influxdb_serve() {
    local dir=$1 port=$2 password=$3
    mkdir -p "$dir"
    chmod 700 "$dir"
    unset "${!INFLUXDB_@}"
    cat >"$dir/influxdb.conf" <<CONF
reporting-enabled = false
bind-address = "127.0.0.1:$(free_port)"
[meta]
dir = "$dir/meta"
[data]
dir = "$dir/data"
wal-dir = "$dir/wal"
[http]
bind-address = "127.0.0.1:$port"
auth-enabled = true
[monitor]
store-enabled = false
CONF
    influxdb_protect "$port" "$password" &
    exec "$(influxdb_program)" -config "$dir/influxdb.conf"
}

# Makes the first administrator as soon as the server listens: it is the only thing that may be done
# without one.
influxdb_protect() {
    local port=$1 password=$2 tries
    for tries in {1..300}; do
        http_ask "$port" POST "/query?q=CREATE+USER+rolecall+WITH+PASSWORD+'$password'+WITH+ALL+PRIVILEGES" \
            >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "there is no administrator after $tries attempts"
}

# influxdb_answers PORT PASSWORD
influxdb_answers() {
    http_ask "$1" GET "/query?q=SHOW+USERS" "" "$(http_basic rolecall "$2")"
}

influxdb_stop() { send TERM "$1"; }
