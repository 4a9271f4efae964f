#!/bin/sh
# Prints the path of an nginx, beside which `make bench` measures the site.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

# The package would start a server on port 80 by itself; nobody here needs that one.
without_starting() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then "$@"; return; fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod +x "$policy"
    "$@" && ended=0 || ended=$?
    as_root rm -f "$policy"
    return "$ended"
}

PATH="$PATH:/usr/sbin"
if ! have nginx && can_install; then
    without_starting install_packages nginx-light || give_up "nginx-light can't be installed, see above"
fi
command -v nginx || give_up "nginx is missing: install it (on Debian: apt-get install nginx-light) and put it on the PATH"
