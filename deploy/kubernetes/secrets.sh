#!/bin/sh
# Prints the Secrets that the manifests name, made of what `make secrets` put into deploy/secrets:
#
#   deploy/kubernetes/secrets.sh | kubectl apply -f -
#
#   DATABASE='db.example/kos?sslmode=require'  where PostgreSQL is (without: the one that overlays/single brings)
#   DESK=on              the operator's desk at /desk and POST /api/v1/ingest; the token is deploy/secrets/admin-token
#   LLM_API_KEY=FILE     the key for KOS_LLM_URL, in a file
#   WEBHOOKS=FILE        whom to tell of articles (components/webhooks)
#   NAMESPACE=knowledge-os
set -eu
umask 077

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/../install/debian.sh"

have kubectl || give_up "kubectl is missing: install it as https://kubernetes.io/docs/tasks/tools says"
secrets=$here/../secrets
[ -s "$secrets/nats-kos" ] || give_up "there are no secrets in deploy/secrets yet: make secrets"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# secret NAME KEY=FILE…
secret() {
    name=$1
    shift
    for pair in "$@"; do set -- "$@" "--from-file=$pair" && shift; done
    kubectl create secret generic "$name" --namespace "${NAMESPACE:-knowledge-os}" "$@" --dry-run=client --output=yaml
    echo ---
}

for service in ingest summarize publish; do
    # Hosts, and what stands in addresses, may have an &.
    database=$(printf '%s' "${DATABASE:-postgres/kos}" | sed 's/[&|\\]/\\&/g')
    sed "s|@postgres/kos|@$database|" "$secrets/database-$service" >"$work/database-$service"
done
# The chart calls its servers nats-0, nats-1 and nats-2.
sed 's/@nats-1:/@nats-0.nats-headless:/; s/@nats-2:/@nats-1.nats-headless:/; s/@nats-3:/@nats-2.nats-headless:/' \
    "$secrets/nats-routes.conf" >"$work/routes.conf"
# Keys for a header: without the end of their line.
[ -z "${LLM_API_KEY:-}" ] || tr -d '\r\n' <"$LLM_API_KEY" >"$work/llm-api-key"
site=nats-publish${DESK:+-desk}

secret ingest "nats-url=$secrets/nats-ingest" "database-url=$work/database-ingest"
secret summarize "nats-url=$secrets/nats-summarize" "database-url=$work/database-summarize" \
    ${LLM_API_KEY:+"llm-api-key=$work/llm-api-key"}
secret publish "nats-url=$secrets/$site" "database-url=$work/database-publish" \
    ${DESK:+"admin-token=$secrets/admin-token"} ${WEBHOOKS:+"webhooks.toml=$WEBHOOKS"}
secret kos "nats-url=$secrets/nats-kos"
secret nats "passwords.conf=$secrets/nats-passwords.conf" "routes.conf=$work/routes.conf"
[ -n "${DATABASE:-}" ] || secret postgres "postgres=$secrets/postgres" "postgres-ingest=$secrets/postgres-ingest" \
    "postgres-summarize=$secrets/postgres-summarize" "postgres-publish=$secrets/postgres-publish"
