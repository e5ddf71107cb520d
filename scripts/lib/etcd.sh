# shellcheck shell=bash
# A private etcd with authentication on. Its files, its ports and its password last as long as the
# run.

etcd_wanted() { [[ -z ${ROLECALL_TEST_ETCD_URL:-} ]]; }

etcd_packages() { command -v etcd >/dev/null || echo etcd-server; }

# etcd_export PORT PASSWORD
etcd_export() {
    export ROLECALL_TEST_ETCD_URL="http://127.0.0.1:$1"
    export ROLECALL_TEST_ETCD_USER=root
    export ROLECALL_TEST_ETCD_PASSWORD=$2
}

# etcd_serve DIR PORT PASSWORD: becomes the server.
etcd_serve() {
    local dir=$1 port=$2 password=$3 peer
    peer=http://127.0.0.1:$(free_port)
    mkdir -p "$dir"
    chmod 700 "$dir"
    unset "${!ETCD_@}"
    etcd_protect "$port" "$password" &
    # Nothing here has to survive a crash.
    exec etcd --name rolecall --data-dir "$dir/data" --unsafe-no-fsync \
        --listen-client-urls "http://127.0.0.1:$port" --advertise-client-urls "http://127.0.0.1:$port" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "rolecall=$peer"
}

# Turns authentication on as soon as the server listens: it has no option for that, only requests.
etcd_protect() {
    local port=$1 password=$2 tries
    for tries in {1..300}; do
        # What an earlier try did is refused now, and does no harm.
        http_ask "$port" POST /v3/auth/user/add '{"name": "root", "password": "'"$password"'"}' >/dev/null 2>&1 || true
        http_ask "$port" POST /v3/auth/role/add '{"name": "root"}' >/dev/null 2>&1 || true
        http_ask "$port" POST /v3/auth/user/grant '{"user": "root", "role": "root"}' >/dev/null 2>&1 || true
        http_ask "$port" POST /v3/auth/enable '{}' >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "authentication could not be turned on after $tries attempts"
}

# etcd_answers PORT PASSWORD: a token is given only once authentication is on.
etcd_answers() {
    http_ask "$1" POST /v3/auth/authenticate '{"name": "root", "password": "'"$2"'"}'
}

etcd_stop() { send TERM "$1"; }
