#!/bin/sh
# Prints the folder of cargo-deny and cargo-machete, which check the dependencies, with `fuzz` of cargo-fuzz, with `sbom` of
# cargo-sbom: the pinned versions, built into .tools/bin. They are built without optimisation, which takes one minute instead of five and
# costs them nothing that anybody would notice.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

root=$(CDPATH='' cd -- "$here/../.." && pwd)

# get TOOL VERSION
get() {
    if [ "$("$root/.tools/bin/$1" --version 2>/dev/null | sed 's/^.* //')" != "$2" ]; then
        say "${0##*/}: building $1 $2"
        cargo install --quiet --locked --debug --root "$root/.tools" --version "$2" "$1" >&2 ||
            give_up "$1 can't be built, see above"
    fi
}

"$here/rust.sh"
case "${1:-}" in
fuzz) get cargo-fuzz 0.13.2 ;;
sbom) get cargo-sbom 0.10.0 ;;
*)
    get cargo-deny 0.20.2
    get cargo-machete 0.9.2
    ;;
esac
echo "$root/.tools/bin"
