# shellcheck shell=bash
# ODBC: the library to link with, and the drivers that reach the servers of a run. Debian's packages
# register their drivers themselves.

# Packages that this machine does not have.
missing_odbc_packages() {
    [[ -e /usr/include/sql.h ]] || echo unixodbc-dev
    command -v odbcinst >/dev/null || printf '%s\n' unixodbc odbcinst
    odbc_knows "PostgreSQL Unicode" || echo odbc-postgresql
    odbc_knows "MariaDB Unicode" || echo odbc-mariadb
    odbc_knows SQLite3 || echo libsqliteodbc
}

# odbc_knows DRIVER
odbc_knows() {
    odbcinst -q -d -n "$1" >/dev/null 2>&1
}
