#!/bin/sh
# Run once, when the database is made: a role a service, which has a schema of its own in it and sees no other's.
set -eu

for service in ingest summarize publish; do
    # psql quotes what it is told; the password stands on no command line.
    psql --quiet --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --set=role="$service" <<SQL
\set password \`cat /run/secrets/postgres-$service\`
create role :"role" login password :'password';
grant connect, create on database "$POSTGRES_DB" to :"role";
SQL
done
psql --quiet --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 <<SQL
revoke all on database "$POSTGRES_DB" from public;
revoke all on schema public from public;
SQL
