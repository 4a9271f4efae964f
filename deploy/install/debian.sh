# shellcheck shell=sh
# Sourced by the scripts beside it: what can be installed on this machine, and how.
# Answers go to standard output, everything else to standard error.

say() {
    printf '%s\n' "$*" >&2
}

give_up() {
    say "${0##*/}: $*"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Whether packages can be installed without asking anybody.
can_install() {
    have apt-get && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >&2
}

# install_packages PACKAGE... : the lists of packages are only fetched where those at hand don't do.
install_packages() {
    say "${0##*/}: installing $*"
    apt install -y --no-install-recommends "$@" 2>/dev/null || { apt update && apt install -y --no-install-recommends "$@"; }
}
