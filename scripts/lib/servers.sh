# shellcheck shell=bash
# What all servers have in common: NAME_wanted, NAME_packages, NAME_configure, NAME_start,
# NAME_answers, NAME_export, NAME_stop and NAME_title in the file of that name.

known_servers=(postgres mariadb rabbitmq)

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
    for name in "${names[@]}"; do
        "${name}_configure"
        "${name}_start"
    done
    for name in "${names[@]}"; do
        await_server "$name"
        "${name}_export"
        title=${name}_title
        say "${!title} answers after $((($(milliseconds) - began + 50) / 100))00 ms"
    done
}

# Another process may take the port in between; then the server gets another one.
await_server() {
    local name=$1 attempt title=$1_title
    for attempt in 1 2 3; do
        until_it_answers "$name" && return
        grep -Eqi 'in use|eaddrinuse' "$run_dir/$name.log" || break
        "${name}_stop" "${session_of[$name]}"
        "${name}_configure"
        "${name}_start"
    done
    say "the end of its log, and what asking it got:"
    tail -n 30 "$run_dir/$name.log" "$run_dir/answer" >&2 || true
    die "${!title} did not start"
}

until_it_answers() {
    local name=$1 deadline=$((SECONDS + 120))
    while kill -0 "${session_of[$name]}" 2>/dev/null && ((SECONDS < deadline)); do
        if ("${name}_answers") >"$run_dir/answer" 2>&1; then return 0; fi
        sleep 0.1
    done
    return 1
}

milliseconds() { date +%s%3N; }
