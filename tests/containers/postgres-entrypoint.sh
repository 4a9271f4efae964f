#!/bin/sh
# What of the official PostgreSQL image's entry point deploy/compose.yaml relies on: the first start makes the cluster with the
# password in POSTGRES_PASSWORD_FILE and the database POSTGRES_DB, and runs what stands in /docker-entrypoint-initdb.d.
set -eu

if [ "$(id -u)" -eq 0 ]; then
    mkdir -p "$PGDATA" /run/postgresql
    chown -R postgres "$PGDATA" /run/postgresql
    chmod 700 "$PGDATA"
    exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    pg_ctl start --wait --silent --options="-c listen_addresses=''"
    createdb --username=postgres "$POSTGRES_DB"
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [ ! -f "$script" ] || POSTGRES_USER=postgres sh "$script"
    done
    pg_ctl stop --wait --silent --mode=fast
fi
exec "$@" -c listen_addresses='*'
