#!/bin/sh
# Checks that Rust code can be built here: a recent cargo and a C compiler, which SQLite and the
# cryptography need.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$here/../../Cargo.toml")
have cargo || give_up "cargo is missing: install Rust $needed or later as https://rustup.rs says"
found=$(cargo --version | sed -n 's/^cargo \([0-9.]*\).*/\1/p')
oldest=$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)
[ "$oldest" = "$needed" ] || give_up "cargo is $found, but Rust $needed or later is needed: rustup update"

if ! have cc; then
    can_install || give_up "a C compiler is missing: install one (on Debian: apt-get install gcc libc6-dev)"
    install_packages gcc libc6-dev || give_up "gcc can't be installed, see above"
fi
