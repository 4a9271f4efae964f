#!/bin/sh
# Prints the path of a Chromium, and sees to a font for Chinese, without which screenshots show boxes.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

find_chromium() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

has_chinese_font() {
    have fc-list && [ -n "$(fc-list :lang=zh 2>/dev/null)" ]
}

missing=
find_chromium >/dev/null || missing="chromium"
has_chinese_font || missing="$missing fonts-noto-cjk"
if [ -n "$missing" ] && can_install; then
    # shellcheck disable=SC2086 # a list of words
    install_packages $missing || give_up "can't install$missing, see above"
fi
has_chinese_font || say "${0##*/}: no font for Chinese was found (on Debian: apt-get install fonts-noto-cjk)"
find_chromium || give_up "Chromium is missing: install it (on Debian: apt-get install chromium) and put it on the PATH"
