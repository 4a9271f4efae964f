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

# need_pip WHAT [OR]: python3 with pip, by which WHAT is had; OR is what to do without.
need_pip() {
    python3 -m pip --version >/dev/null 2>&1 && return
    can_install || give_up "python3 with pip is needed to get $1 (on Debian: apt-get install python3-pip)${2:+, or $2}"
    install_packages python3-pip || give_up "python3-pip can't be installed, see above${2:+; or $2}"
}

# download_wheels REQUIREMENT FOLDER: the pinned ones, each by its hash.
download_wheels() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --requirement "$1" --dest "$2" >&2
}

# unpack_wheels WHEELS FOLDER PATTERN=PLACE… : unpacks files of wheels, each to the place of the first pattern that its name
# fits: into a folder (PLACE/) by its own name, or as that file. What no pattern fits, or one without a place, is left out.
unpack_wheels() {
    python3 - "$@" <<'PYTHON'
import fnmatch, pathlib, sys, zipfile

wheels, folder, *places = sys.argv[1:]
places = [place.split("=", 1) for place in places]
for file in pathlib.Path(wheels).glob("*.whl"):
    with zipfile.ZipFile(file) as wheel:
        for name in wheel.namelist():
            place = next((place for pattern, place in places if fnmatch.fnmatchcase(name, pattern)), "")
            path = pathlib.Path(folder, place)
            if place.endswith("/"):
                wheel.extract(name, path)
            elif place:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(wheel.read(name))
PYTHON
}
