# shellcheck shell=bash
# What the scripts say to the person who runs them. All of it goes to stderr.

say() { printf '%s\n' "$*" >&2; }

headline() { printf '\n== %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
