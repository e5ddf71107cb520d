# shellcheck shell=bash
# Starting servers and commands so that every process of a run can be found and stopped again.
#
# A server is started as the leader of a session of its own. Whatever else a run starts inherits
# the mark ROLECALL_TEST_RUN, so that a process which left its session is found all the same.

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run_dir=                   # everything a run keeps; removed when it ends
declare -A session_of=()   # server → pid of its session's leader

# Runs a command as the user a server insists on; as it is when we are not root.
as_user() {
    local user=$1
    shift
    if ((EUID == 0)); then
        setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
    else
        "$@"
    fi
}

# Like as_user, in place of this shell.
exec_as_user() {
    local user=$1
    shift
    if ((EUID == 0)); then
        exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
    else
        exec "$@"
    fi
}

give_to_user() {
    ((EUID != 0)) || chown -R "$1:" "$2"
}

# A TCP port nobody listens on, below the range the kernel hands out itself.
free_port() {
    local port
    while :; do
        port=$((15000 + RANDOM % 15000))
        grep -qsi ":$(printf %04X "$port") .* 0A " /proc/net/tcp /proc/net/tcp6 || break
    done
    echo "$port"
}

random_password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# start_session NAME FUNCTION ARGUMENT…: runs a function of these files in a session of its own.
start_session() {
    local name=$1
    shift
    # shellcheck disable=SC2016  # expanded by the new shell
    ROLECALL_TEST_RUN="$run_dir server" setsid bash -euo pipefail -c '
        for file in "$0"/*.sh; do . "$file"; done
        "$@"
    ' "$lib" "$@" >"$run_dir/$name.log" 2>&1 </dev/null &
    session_of[$name]=$!
    disown # how it ends is no news
}

# Runs a command so that a signal to this script ends it at once: bash acts on a signal while it
# waits, but not while a foreground command runs.
run_command() {
    (
        trap - INT QUIT # a background command would ignore them
        export ROLECALL_TEST_RUN="$run_dir command"
        exec "$@"
    ) <&0 &
    wait "$!"
}

# Pids of the processes in the given sessions.
pids_in_sessions() {
    local file line fields
    for file in /proc/[0-9]*/stat; do
        { read -r line <"$file"; } 2>/dev/null || continue
        # After the name in parentheses: state, parent, process group, session.
        read -r -a fields <<<"${line##*) }"
        if [[ ${fields[0]} != Z && " $* " == *" ${fields[3]} "* ]]; then
            file=${file#/proc/}
            echo "${file%/stat}"
        fi
    done
}

# Pids of the processes with the given mark.
pids_with_mark() {
    grep -lszxF "ROLECALL_TEST_RUN=$1" /proc/[0-9]*/environ | cut -d/ -f3 || true
}

server_pids() {
    ((${#session_of[@]} == 0)) || pids_in_sessions "${session_of[@]}"
    pids_with_mark "$run_dir server"
}

# What belongs to no server's session any more; an epmd that Erlang started, for one.
stray_pids() {
    comm -23 <(pids_with_mark "$run_dir server" | sort) <(pids_in_sessions "${session_of[@]}" | sort)
}

command_pids() { pids_with_mark "$run_dir command"; }

# True until the server has taken the place of the shell that prepares its files.
is_preparing() { [[ $(cat "/proc/${session_of[$1]}/comm" 2>/dev/null) == bash ]]; }

# send SIGNAL PID…: gone already is fine.
send() {
    local signal=$1
    shift
    (($# == 0)) || kill -s "$signal" "$@" 2>/dev/null || true
}

# gone_within SECONDS FUNCTION: waits until the function lists no process any more.
gone_within() {
    local deadline=$((SECONDS + $1))
    while [[ -n $("$2") ]]; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

# Asks again and again: a server that is only just starting may miss the first time.
stop_servers() {
    local name attempt
    for attempt in {1..10}; do
        for name in "${!session_of[@]}"; do
            # What prepares the files may come to its end; killed, it would leave things behind.
            if is_preparing "$name"; then send TERM "${session_of[$name]}"; fi
            "${name}_stop" "${session_of[$name]}"
        done
        # shellcheck disable=SC2046  # a list of numbers
        ((attempt == 1)) || send KILL $(stray_pids)
        gone_within 1 server_pids && return 0 # alone, `return` hands on the status from before the trap
    done
    # shellcheck disable=SC2046  # a list of numbers
    send KILL $(server_pids)
    gone_within 5 server_pids || say "warning: after $attempt attempts there still is: $(server_pids | tr '\n' ' ')"
}

# Ends what the run started, the command before the servers it talks to, and removes its files.
end_run() {
    trap '' INT TERM HUP # once is enough
    [[ -n $run_dir ]] || return 0
    # shellcheck disable=SC2046  # a list of numbers
    {
        send TERM $(command_pids)
        gone_within 5 command_pids || send KILL $(command_pids)
    }
    stop_servers
    rm -rf "$run_dir"
}

# begin_run: makes the folder of the run, and sees to it that nothing outlives it.
begin_run() {
    local base=${TMPDIR:-/tmp}
    ((EUID != 0)) || base=/tmp # the servers' own users must be able to enter it
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    trap end_run EXIT
    run_dir=$(mktemp -d "$base/rolecall-test.XXXXXX")
    chmod 711 "$run_dir"
}
