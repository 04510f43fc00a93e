"""Fetches files with pooch. Usage: pooch_fetch.py BASE_URL REGISTRY FOLDER (registry lines: NAME SHA256)."""

import logging
import sys

import pooch

base_url, registry_file, folder = sys.argv[1:]
pooch.get_logger().setLevel(logging.WARNING)
with open(registry_file, encoding="utf-8") as lines:
    registry = dict(line.split() for line in lines)
if len(registry) == 1:
    ((name, digest),) = registry.items()
    pooch.retrieve(base_url + name, known_hash="sha256:" + digest, fname=name, path=folder)
else:
    files = pooch.create(
        path=folder, base_url=base_url, registry={name: "sha256:" + digest for name, digest in registry.items()}
    )
    for name in registry:
        files.fetch(name)
