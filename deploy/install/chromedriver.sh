#!/bin/sh
# Prints the path of a ChromeDriver, and sees to the Chromium that it drives.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

"$here/chromium.sh" >/dev/null
if ! have chromedriver && can_install; then
    install_packages chromium-driver || give_up "can't install chromium-driver, see above"
fi
command -v chromedriver || give_up "ChromeDriver is missing: install it (on Debian: apt-get install chromium-driver) and put it on the PATH"
