# shellcheck shell=bash
# Asking a server on this machine by HTTP, with nothing but bash.

# http_ask PORT METHOD PATH [BODY [AUTHORIZATION]]: prints the answer, its head included, and succeeds
# when its status is 200. The body is JSON.
http_ask() {
    local port=$1 method=$2 path=$3 body=${4:-} authorization=${5:-} answer LC_ALL=C
    exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
    {
        printf '%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n' "$method" "$path"
        [[ -z $authorization ]] || printf 'Authorization: %s\r\n' "$authorization"
        printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body"
    } >&9
    answer=$(timeout 5 cat <&9) || true
    exec 9<&-
    printf '%s\n' "$answer"
    [[ $answer == HTTP/*" 200 "* ]]
}

# http_basic USER PASSWORD: the header that proves a user.
http_basic() { printf 'Basic %s' "$(printf '%s:%s' "$1" "$2" | base64 -w0)"; }
