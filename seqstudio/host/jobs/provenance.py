"""The provenance of an item: what its result depends on, for replay and to skip finished items."""

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.errors import DataError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.services.atomic_files import sha256_of_file


def item_provenance(plan: JobPlan, item: ItemRow, base_seed: int) -> Mapping[str, Any]:
    """Return what the host knows of an item before it runs; the worker adds to it.

    Raises
    ------
    DataError
        If an input cannot be read.
    """
    plugin = plan.start.plugin
    return {
        "plugin": plugin.id,
        "plugin_version": plugin.version,
        "extensions": {one.id: one.version for one in plan.start.extensions},
        "operation": plan.start.name,
        "models": dict(plan.models),
        "inputs": {
            name: [{"path": str(path), "sha256": _hash(path)} for path in paths]
            for name, paths in item.inputs.items()
        },
        "options": {name: _option(plan, name) for name in plan.start.options},
        "base_seed": base_seed if plan.generative else None,
        "take": item.take,
        "seed": item.seed,
    }


def fingerprint(provenance: Mapping[str, Any], item: ItemRow) -> str:
    """Hash provenance and target paths: an item with a finished item's fingerprint is skipped."""
    targets = {
        output: {form: str(path) for form, path in forms.items()}
        for output, forms in item.targets.items()
    }
    text = json.dumps([provenance, targets], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _option(plan: JobPlan, name: str) -> Any:
    """Return an option's value; for a path also a hash of its content, since that may change."""
    value = plan.start.options[name]
    operations = plan.start.plugin.manifest["operations"]
    entry = next(entry for entry in operations if entry["name"] == plan.start.name)
    if value is None or entry["options"][name]["type"] != "path":
        return value
    paths = value if isinstance(value, list) else [value]
    return [{"path": path, "sha256": _hash(Path(path))} for path in paths]


def _hash(path: Path) -> str:
    """Hash a file, or the names and hashes of all files in a folder."""
    try:
        if path.is_file():
            return sha256_of_file(path)
        if not stat.S_ISDIR(path.stat().st_mode):
            raise DataError(f"{path}: a pipe or device, expected a file")
        found = {
            str(p.relative_to(path)): sha256_of_file(p) for p in path.rglob("*") if p.is_file()
        }
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file, expected one to read") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, expected a file to read") from error
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
