#!/bin/sh
# Prints the folder of what the site is checked with (site-tools/package.json): axe-core and html-validate for
# pages, schemas and validators for JSON Feed, sitemaps and OpenAPI, in the versions and with the hashes
# of package-lock.json, from npm into .tools.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

root=$(CDPATH='' cd -- "$here/../.." && pwd)
pinned=$here/site-tools
own=$root/.tools/site-tools

if cmp -s "$pinned/package-lock.json" "$own/package-lock.json" && [ -d "$own/node_modules" ]; then
    echo "$own/node_modules"
    exit
fi

by_hand="install Node.js 18.19 or later with npm (on Debian: apt-get install nodejs npm) and put both on the PATH"
if ! have node || ! have npm; then
    can_install || give_up "npm is missing: $by_hand"
    install_packages nodejs npm || give_up "npm can't be installed, see above; or $by_hand"
fi

say "${0##*/}: getting what the site is checked with"
mkdir -p "$root/.tools"
work=$(mktemp -d "$root/.tools/site-tools.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cp "$pinned/package.json" "$pinned/package-lock.json" "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --silent >&2) ||
    give_up "the pinned packages can't be had, see above; or $by_hand"
rm -rf "$own"
mv "$work" "$own"
echo "$own/node_modules"
