#!/bin/sh
# Builds the images and runs run.py with them. Where no Docker engine answers, one of its own is installed and started from
# Debian's packages, and stopped in the end; where nothing can be pulled, base-images.sh makes what the images stand on.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
. "$root/deploy/install/debian.sh"

if ! docker version >/dev/null 2>&1; then
    have dockerd || install_packages docker.io iptables || give_up "docker.io can't be installed, see above"
    [ "$(id -u)" -eq 0 ] || give_up "no Docker engine answers: start one, or run this as root"
    # Kept from one run to the next: the dependencies are a layer in it.
    engine=$root/.tools/docker-engine
    mkdir -p "$engine"
    export DOCKER_HOST="unix://$engine/docker.sock"
    dockerd --data-root "$engine/data" --exec-root "$engine/run" --pidfile "$engine/pid" --host "$DOCKER_HOST" \
        >"$engine/log" 2>&1 &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; wait "$pid" || true' EXIT
    trap 'exit 1' HUP INT TERM
    tries=0
    until docker version >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || { tail -n 20 "$engine/log" >&2; give_up "the Docker engine doesn't start"; }
        sleep 0.5
    done
fi

# Debian 12 has no plugin compose; the one of Debian 13 runs on it.
if ! docker compose version >/dev/null 2>&1; then
    plugin=$root/.tools/docker-cli/docker-compose
    if [ ! -x "$plugin" ]; then
        mkdir -p "${plugin%/*}"
        work=$(mktemp -d "$plugin.XXXXXX")
        mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
        mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
        (
            cd "$work"
            set -- -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- \
                -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
            apt-get "$@" update && apt-get "$@" download docker-compose && dpkg-deb -x docker-compose_*.deb .
        ) >&2 || give_up "the compose plugin can't be had: install it (docker compose, 2.24 or later)"
        mv "$work/usr/libexec/docker/cli-plugins/docker-compose" "$plugin"
        rm -rf "$work"
    fi
    export COMPOSE="$plugin"
fi

docker pull --quiet debian:bookworm-slim >/dev/null 2>&1 || "$here/base-images.sh"
"$root/deploy/images.sh"
"$root/deploy/secrets.sh"
python3 "$here/run.py"
