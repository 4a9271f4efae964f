#!/bin/sh
# Makes the passwords that deploy/compose.yaml needs, in the folder deploy/secrets, which git ignores. What is there stays: to
# change all of them, remove the folder, and the database with it.
set -eu
# Others on this machine can't enter the folder; a container, whose user is nobody in particular, has to read its files.
umask 022

folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/secrets
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

# keep FILE: what stands on standard input, unless the file is there.
keep() {
    if [ -s "$1" ]; then
        cat >/dev/null
    else
        cat >"$1.new"
        mv "$1.new" "$1"
    fi
}

# The server knows all passwords of its users, each process the one address with its own.
users="ingest summarize publish desk kos producer"
if [ ! -s nats-passwords.conf ]; then
    : >nats-passwords.conf.new
    for user in $users; do
        password=$(random)
        printf '%s_PASSWORD: "%s"\n' "$(echo "$user" | tr a-z A-Z)" "$password" >>nats-passwords.conf.new
        file=nats-$user
        [ "$user" != desk ] || file=nats-publish-desk
        printf 'nats://%s:%s@nats:4222\n' "$user" "$password" >"$file"
    done
    mv nats-passwords.conf.new nats-passwords.conf
fi
password=$(random)
keep nats-routes.conf <<CONF
authorization { user: route, password: "$password" }
routes: [
  "nats-route://route:$password@nats-1:6222", "nats-route://route:$password@nats-2:6222", "nats-route://route:$password@nats-3:6222"
]
CONF
for service in ingest summarize publish; do
    random | keep "postgres-$service"
    printf 'postgres://%s:%s@postgres/kos\n' "$service" "$(cat "postgres-$service")" | keep "database-$service"
done
for name in postgres admin-token grafana; do
    random | keep "$name"
done
echo "${0##*/}: the secrets are in $folder" >&2
