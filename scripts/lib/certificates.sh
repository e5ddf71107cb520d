# shellcheck shell=bash
# The certificates of a server, signed by an authority that lasts as long as the run.

certificate_packages() { command -v openssl >/dev/null || echo openssl; }

# make_certificates DIR: an authority (ca.pem), a server that is `127.0.0.1` and `db.acme.test`, a
# client that is `rolecall_certified`, and an authority that signed none of them (other-ca.pem).
make_certificates() {
    local dir=$1
    mkdir -p "$dir"
    make_authority "$dir/ca" "the authority of this run"
    make_authority "$dir/other-ca" "another authority"
    sign_certificate "$dir" server db.acme.test "subjectAltName=IP:127.0.0.1,DNS:db.acme.test"
    sign_certificate "$dir" client rolecall_certified "extendedKeyUsage=clientAuth"
}

# make_authority FILE NAME
make_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=$2" -addext keyUsage=critical,keyCertSign -keyout "$1.key" -out "$1.pem"
}

# sign_certificate DIR FILE NAME EXTENSION
sign_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -CA "$1/ca.pem" -CAkey "$1/ca.key" -subj "/CN=$3" -addext "$4" \
        -addext basicConstraints=critical,CA:FALSE -keyout "$1/$2.key" -out "$1/$2.pem"
}
