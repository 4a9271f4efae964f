#!/bin/sh
# Makes stand-ins for the public base images where there is no registry to pull from: Debian by debootstrap, this machine's
# Rust, Debian's PostgreSQL, and the pinned nats-server, under the names that deploy/ uses. Only what is missing is made.
# They are for tests: nothing else of the official images is in them.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
. "$root/deploy/install/debian.sh"

missing() {
    ! docker image inspect "$1" >/dev/null 2>&1
}

# default FILE VARIABLE: the name of an image that stands in FILE as ${VARIABLE:-NAME} or ARG VARIABLE=NAME.
default() {
    sed -n "s/^.*\${$2:-\([^}]*\)}.*$/\1/p; s/^ARG $2=//p" "$root/deploy/$1" | head -n 1
}

debian=$(default Dockerfile BASE_IMAGE)
rust=$(default Dockerfile RUST_IMAGE)
postgres=$(default compose.yaml POSTGRES_IMAGE)
nats=$(default compose.yaml NATS_IMAGE)

all_there=yes
for image in "$debian" "$rust" "$postgres" "$nats"; do
    if missing "$image"; then all_there=no; fi
done
[ "$all_there" = no ] || exit 0

have debootstrap || install_packages debootstrap || give_up "debootstrap can't be installed, see above"
work=$(mktemp -d "${TMPDIR:-/tmp}/kos-base-images.XXXXXX")
trap 'as_root rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# As the slim images have it: what nobody reads in a container is gone.
slim() {
    as_root sh -c "rm -rf $1/var/cache/apt/archives/*.deb $1/var/lib/apt/lists/* $1/usr/share/doc/* $1/usr/share/man/* \
        $1/usr/share/locale/* $1/usr/share/info/* $1/var/log/*.log $1/var/cache/debconf/*-old"
}

# import FOLDER IMAGE [CHANGE...]
import() {
    folder=$1 image=$2
    shift 2
    slim "$folder"
    say "${0##*/}: $image"
    as_root tar -C "$folder" -c . | docker import "$@" - "$image" >/dev/null
}

# grown NAME PACKAGE... : a copy of Debian's folder with more packages.
grown() {
    name=$1
    shift
    as_root cp -a "$work/debian" "$work/$name"
    as_root chroot "$work/$name" env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"' apt "$@" >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; give_up "$* can't be installed"; }
}

say "${0##*/}: debootstrap"
as_root debootstrap --variant=minbase bookworm "$work/debian" >"$work/log" 2>&1 || { cat "$work/log" >&2; give_up "see above"; }
as_root chroot "$work/debian" apt-get clean

if missing "$rust"; then
    "$root/deploy/install/rust.sh"
    toolchain=$(rustc --print sysroot)
    grown rust gcc libc6-dev ca-certificates
    as_root mkdir -p "$work/rust/usr/local/rust"
    tar -C "$toolchain" --exclude=share/doc -c bin lib | as_root tar -C "$work/rust/usr/local/rust" -x
    # Whoever stands between this machine and the registry of crates stands there in a container, too.
    as_root cp /etc/ssl/certs/ca-certificates.crt "$work/rust/etc/ssl/certs/ca-certificates.crt"
    import "$work/rust" "$rust" --change 'ENV PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'ENV CARGO_HOME=/usr/local/cargo'
fi
if missing "$postgres"; then
    grown postgres postgresql-15
    as_root cp "$here/postgres-entrypoint.sh" "$work/postgres/usr/local/bin/docker-entrypoint.sh"
    import "$work/postgres" "$postgres" --change 'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'ENV PGDATA=/var/lib/postgresql/data' --change 'ENTRYPOINT ["docker-entrypoint.sh"]' \
        --change 'CMD ["postgres"]' --change 'VOLUME /var/lib/postgresql/data'
fi
if missing "$nats"; then
    server=$("$root/deploy/install/nats-server.sh")
    as_root cp -a "$work/debian" "$work/nats"
    as_root cp "$server" "$work/nats/usr/local/bin/nats-server"
    import "$work/nats" "$nats" --change 'ENTRYPOINT ["nats-server"]' --change 'CMD ["--config", "/etc/nats/nats-server.conf"]'
fi
if missing "$debian"; then
    import "$work/debian" "$debian" --change 'CMD ["bash"]'
fi
