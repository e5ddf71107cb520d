# shellcheck shell=bash
# shellcheck disable=SC2154  # run_dir and session_of are in processes.sh
# What the servers have in common. Each has a file with NAME_wanted, NAME_packages, NAME_serve,
# NAME_answers, NAME_export and NAME_stop.

known_servers=(postgres mariadb rabbitmq etcd influxdb scim)
declare -A title_of=([postgres]=PostgreSQL [mariadb]=MariaDB [rabbitmq]=RabbitMQ [etcd]=etcd [influxdb]=InfluxDB [scim]="The SCIM server")
declare -A port_of=() password_of=()

wanted_servers() {
    local name
    for name in "${known_servers[@]}"; do
        if "${name}_wanted"; then echo "$name"; fi
    done
}

# Packages that the wanted servers need and this machine does not have.
missing_server_packages() {
    local name
    for name in $(wanted_servers); do "${name}_packages"; done
}

# Starts the wanted servers side by side and waits until each answers. Only then are their
# variables exported.
start_servers() {
    local name names=() began
    mapfile -t names < <(wanted_servers)
    began=$(milliseconds)
    for name in "${names[@]}"; do start_server "$name"; done
    for name in "${names[@]}"; do
        await_server "$name"
        "${name}_export" "${port_of[$name]}" "${password_of[$name]}"
        say "${title_of[$name]} answers after $((($(milliseconds) - began + 50) / 100))00 ms"
    done
}

start_server() {
    local name=$1
    port_of[$name]=$(free_port)
    password_of[$name]=$(random_password)
    start_session "$name" "${name}_serve" "$run_dir/$name" "${port_of[$name]}" "${password_of[$name]}"
}

# Another process may take the port in between; then the server gets another one.
await_server() {
    local name=$1 starts=1
    until answers_in_time "$name"; do
        if ((starts == 3)) || ! grep -Eqi 'in use|eaddrinuse' "$run_dir/$name.log"; then
            say "the end of its log, and what asking it got:"
            tail -n 30 "$run_dir/$name.log" "$run_dir/answer" >&2 || true
            die "${title_of[$name]} did not start"
        fi
        "${name}_stop" "${session_of[$name]}" # what may be left of it
        rm -rf "${run_dir:?}/$name"
        start_server "$name"
        starts=$((starts + 1))
    done
}

answers_in_time() {
    local name=$1 deadline=$((SECONDS + 120))
    while kill -0 "${session_of[$name]}" 2>/dev/null && ((SECONDS < deadline)); do
        if ("${name}_answers" "${port_of[$name]}" "${password_of[$name]}") >"$run_dir/answer" 2>&1; then return 0; fi
        sleep 0.1
    done
    return 1
}

milliseconds() { date +%s%3N; }
