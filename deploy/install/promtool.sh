#!/bin/sh
# Prints the path of promtool, which checks what Prometheus is told: the one on the PATH, else that of Debian's package,
# which goes into .tools/bin without the server.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

root=$(CDPATH='' cd -- "$here/../.." && pwd)
own=$root/.tools/bin/promtool

if have promtool; then
    command -v promtool
    exit
fi
if [ -x "$own" ]; then
    echo "$own"
    exit
fi
by_hand="promtool is missing: install prometheus (on Debian: apt-get install prometheus) or put promtool on the PATH"
have apt-get && have dpkg-deb || give_up "$by_hand"
say "${0##*/}: getting promtool"
mkdir -p "$root/.tools/bin"
work=$(mktemp -d "$root/.tools/promtool.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
get() {
    (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download prometheus >&2 2>/dev/null)
}
get || { can_install && apt update && get; } || give_up "the package can't be had, see above; $by_hand"
dpkg-deb -x "$work"/prometheus_*.deb "$work/unpacked"
mv "$work/unpacked/usr/bin/promtool" "$own"
echo "$own"
