#!/bin/sh
# Prints the folder of PostgreSQL's server binaries (initdb, postgres), which tests start for themselves.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/debian.sh"

# The folder with the binaries, the newest version first. Debian keeps them off the PATH.
find_binaries() {
    if have initdb && have postgres; then
        dirname "$(command -v initdb)"
        return
    fi
    for folder in $(printf "%s\n" /usr/lib/postgresql/*/bin | sort -t/ -k5,5 -rn); do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            echo "$folder"
            return
        fi
    done
    return 1
}

if find_binaries; then
    exit
fi
can_install || give_up "PostgreSQL's server is missing: install it (on Debian: apt-get install postgresql) and put initdb and postgres on the PATH"

# The package would start a server on port 5432 by itself; nobody here needs that one.
install_packages postgresql-common || give_up "postgresql-common can't be installed, see above"
no_cluster=/etc/postgresql-common/createcluster.d/knowledge-os.conf
as_root mkdir -p "${no_cluster%/*}"
echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
trap 'as_root rm -f "$no_cluster"' EXIT
install_packages postgresql || give_up "postgresql can't be installed, see above"
find_binaries || give_up "postgresql is installed, but initdb and postgres are neither on the PATH nor in /usr/lib/postgresql/*/bin"
