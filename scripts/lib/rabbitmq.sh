# shellcheck shell=bash
# A private RabbitMQ with its management API. Its files, its ports and its password last as long
# as the run; so does the Erlang port mapper (epmd) it needs.

# The server itself: the program in Debian's PATH insists on being run by one of two users.
rabbitmq_program() {
    local found
    for found in /usr/lib/rabbitmq/bin/rabbitmq-server "$(command -v rabbitmq-server)"; do
        if [[ -x $found ]]; then
            echo "$found"
            return
        fi
    done
    return 1
}

rabbitmq_wanted() { [[ -z ${ROLECALL_TEST_RABBITMQ_URL:-} ]]; }

rabbitmq_packages() {
    { rabbitmq_program && command -v epmd; } >/dev/null || echo rabbitmq-server
}

# rabbitmq_export PORT PASSWORD
rabbitmq_export() {
    export ROLECALL_TEST_RABBITMQ_URL="http://127.0.0.1:$1"
    export ROLECALL_TEST_RABBITMQ_USER=rolecall
    export ROLECALL_TEST_RABBITMQ_PASSWORD=$2
}

# rabbitmq_serve DIR PORT PASSWORD: becomes the server.
rabbitmq_serve() {
    local dir=$1 port=$2 password=$3 epmd_port
    epmd_port=$(free_port)
    mkdir -p "$dir/home"
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$(free_port)
management.tcp.ip = 127.0.0.1
management.tcp.port = $port
default_user = rolecall
default_pass = $password
disk_free_limit.absolute = 1MB
CONF
    echo '[rabbitmq_management].' >"$dir/enabled_plugins"
    : >"$dir/rabbitmq-env.conf"
    chmod 700 "$dir"
    give_to_user rabbitmq "$dir"
    cd "$dir" || return

    unset "${!RABBITMQ_@}"
    export HOME=$dir/home
    export ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$epmd_port
    export RABBITMQ_CONF_ENV_FILE=$dir/rabbitmq-env.conf
    export RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf
    export RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins
    export RABBITMQ_NODENAME=rolecall-$port@localhost
    export RABBITMQ_DIST_PORT
    RABBITMQ_DIST_PORT=$(free_port)
    export RABBITMQ_MNESIA_BASE=$dir/mnesia RABBITMQ_LOG_BASE=$dir/log RABBITMQ_LOGS=-
    export RABBITMQ_PID_FILE=$dir/pid RABBITMQ_FEATURE_FLAGS_FILE=$dir/feature_flags
    # Two schedulers that do not spin while idle; other nodes reach it on this machine only.
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"

    # Started here, it belongs to this session; Erlang would start one that outlives it.
    exec_as_user rabbitmq epmd &
    local tries
    for tries in {1..50}; do
        as_user rabbitmq epmd -names >/dev/null 2>&1 && break
        ((tries < 50)) || { echo "epmd does not answer" && return 1; }
        sleep 0.1
    done
    exec_as_user rabbitmq "$(rabbitmq_program)"
}

# rabbitmq_answers PORT PASSWORD
rabbitmq_answers() {
    local status
    exec 9<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'GET /api/whoami HTTP/1.0\r\nAuthorization: Basic %s\r\n\r\n' \
        "$(printf 'rolecall:%s' "$2" | base64 -w0)" >&9
    read -r -t 5 status <&9
    exec 9<&-
    [[ $status == *" 200 "* ]]
}

# An orderly shutdown takes longer than the start, and there is nothing to keep.
rabbitmq_stop() {
    # The leader, a shell script, is left to bury its children and end by itself.
    # shellcheck disable=SC2046  # a list of numbers
    send KILL $(pids_in_sessions "$1" | grep -vx "$1")
}
