# shellcheck shell=bash
# Debian packages: only what is missing, and no service is left running.

# install_packages PACKAGE…: as root on Debian installs them, otherwise says which ones and stops.
install_packages() {
    (($# > 0)) || return 0
    if ((EUID != 0)); then
        die "missing on this machine; as root, run: apt-get install --no-install-recommends $*"
    fi
    command -v apt-get >/dev/null || die "missing on this machine, and there is no apt-get to install: $*"
    headline "Installing $*"
    local policy=/usr/sbin/policy-rc.d mine=0
    if [[ ! -e $policy ]]; then
        # Debian asks this file before it starts the service of a new package.
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        mine=1
    fi
    local status=0
    { update_package_lists && quiet_apt install --no-install-recommends "$@"; } || status=$?
    if ((mine)); then rm -f "$policy"; fi
    ((status == 0)) || die "apt-get could not install $*"
}

# The lists have a lock that apt-get does not wait for, unlike the one of dpkg.
update_package_lists() {
    local attempt
    for attempt in {1..30}; do
        quiet_apt update && return 0
        ((attempt == 30)) || sleep 5
        say "trying again to read the package lists"
    done
    return 1
}

quiet_apt() {
    local log
    log=$(mktemp)
    if DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
}
