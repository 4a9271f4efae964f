"""Reads manifests on standard input and prints them as JSON, with what the schemas of Kubernetes have against them.

Arguments: the folder of what is imported, and the versions whose schemas are held against the manifests.
"""

import functools, json, sys

sys.path.insert(0, sys.argv[1])

import yaml
from kubernetes_validate import utils

utils.schema_contents = functools.cache(utils.schema_contents)
objects = [manifest for manifest in yaml.safe_load_all(sys.stdin) if manifest]
wrong = []
for version in sys.argv[2:]:
    for manifest in objects:
        name = f"{manifest['kind']} {manifest['metadata']['name']}, Kubernetes {version}"
        try:
            utils.validate(manifest, version, strict=True)
        except utils.ValidationError as error:
            wrong.append(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")
        except utils.SchemaNotFoundError:
            # What isn't Kubernetes' own has no schema there.
            if not manifest["apiVersion"].startswith("keda.sh/"):
                wrong.append(f"{name}: there is no {manifest['apiVersion']}")
json.dump({"objects": objects, "wrong": wrong}, sys.stdout)
