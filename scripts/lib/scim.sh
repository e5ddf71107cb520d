# shellcheck shell=bash
# shellcheck disable=SC2154  # lib is in processes.sh
# A private SCIM 2 server (scim2-server), which keeps everything in memory. Debian has none, so it
# lives in a virtual environment of its own under `target`, with pinned versions.

scim_environment() { echo "${CARGO_TARGET_DIR:-$lib/../../target}/scim2-server"; }

scim_wanted() { [[ -z ${ROLECALL_TEST_SCIM_URL:-} ]]; }

# Debian's Python, whatever else is installed: the pinned files are for its version.
scim_packages() {
    /usr/bin/python3 -c 'import ensurepip' >/dev/null 2>&1 || echo python3-venv
}

# scim_export PORT PASSWORD
scim_export() {
    export ROLECALL_TEST_SCIM_URL="http://127.0.0.1:$1/v2"
    export ROLECALL_TEST_SCIM_TOKEN=$2
}

# scim_serve DIR PORT PASSWORD: becomes the server.
scim_serve() {
    local dir=$1 port=$2 password=$3 environment
    environment=$(scim_environment)
    mkdir -p "$dir" "$environment"
    chmod 700 "$dir"
    # Another run may be making it at the same time.
    (
        flock 8
        scim_is_installed "$environment" || scim_install "$environment"
    ) 8>"$environment/lock"
    cd "$dir" || return
    # Not the script beside it: that knows where it was made, and `target` may be a copy.
    exec "$environment/venv/bin/python" -c "from scim2_server.testserver.cli import main; main()" --port "$port" --bearer-token "$password"
}

scim_is_installed() { cmp -s "$lib/scim-requirements.txt" "$1/installed.txt"; }

scim_install() {
    /usr/bin/python3 -m venv --clear "$1/venv"
    "$1/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --requirement "$lib/scim-requirements.txt"
    cp "$lib/scim-requirements.txt" "$1/installed.txt"
}

# scim_answers PORT PASSWORD
scim_answers() { http_ask "$1" GET "/v2/Users?count=0" "" "Bearer $2"; }

scim_stop() { send KILL "$1"; }
