#!/bin/sh
# Builds the container images of this tree, knowledge-os/{ingest,summarize,publish,kos}, and says how large they are; what is
# in their programs goes to target/images/NAME.cdx.json (CycloneDX). Only files that git knows are looked at.
#
#   IMAGES=registry.example/news  another name in front, TAG=1.2.0 another tag
#   BUILD_OPTIONS='…'             more options for docker build, such as --network host, or --build-arg BASE_IMAGE=…
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$root/deploy/install/debian.sh"

have docker || give_up "docker is missing: install it (on Debian: apt-get install docker.io)"
docker version >/dev/null 2>&1 || give_up "no Docker engine answers: start one, or name it in DOCKER_HOST"
images=${IMAGES:-knowledge-os}
tag=${TAG:-latest}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
revision=$(git -C "$root" describe --always --dirty --abbrev=12)
# Without the plugin buildx a newer docker has to be told that the classic builder will do.
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT="${DOCKER_BUILDKIT:-0}"

for target in ingest summarize publish kos; do
    say "${0##*/}: $images/$target:$tag"
    # shellcheck disable=SC2086 # a list of words
    git -C "$root" ls-files -z -- Cargo.toml Cargo.lock shared services tests deploy/Dockerfile |
        tar -C "$root" --null --files-from=- --mode='u=rwX,go=rX' --owner=0 --group=0 -c |
        docker build --file deploy/Dockerfile --target "$target" --tag "$images/$target:$tag" \
            --build-arg "VERSION=$version" --build-arg "REVISION=$revision" ${BUILD_OPTIONS:-} - >&2
done

tools=$("$root/deploy/install/cargo-tools.sh" sbom)
mkdir -p "$root/target/images"
for target in ingest summarize publish kos; do
    package=kos-$target
    [ "$target" != kos ] || package=kos
    (cd "$root" && PATH="$tools:$PATH" cargo sbom --cargo-package "$package" --output-format cyclone_dx_json_1_4) \
        >"$root/target/images/$target.cdx.json"
done

printf '%-32s %12s %12s\n' image unpacked compressed
for target in ingest summarize publish kos; do
    unpacked=$(docker image inspect --format '{{.Size}}' "$images/$target:$tag")
    compressed=$(docker save "$images/$target:$tag" | gzip | wc -c)
    printf '%-32s %9d MB %9d MB\n' "$images/$target:$tag" $((unpacked / 1000000)) $((compressed / 1000000))
done
