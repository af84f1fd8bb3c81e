"""What makes one item's result what it is: for replay, and to know what need not run again."""

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.errors import DataError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.plan import Plan
from seqstudio.services.atomic_files import sha256_of_file


def item_record(plan: Plan, item: ItemRow, base_seed: int) -> Mapping[str, Any]:
    """Record all that the host knows of an item before it runs.

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


def fingerprint(record: Mapping[str, Any], item: ItemRow) -> str:
    """Hash a record and where its outputs go: equal fingerprints need not run twice."""
    targets = {
        output: {form: str(path) for form, path in forms.items()}
        for output, forms in item.targets.items()
    }
    text = json.dumps([record, targets], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _option(plan: Plan, name: str) -> Any:
    """Give an option's value; of a file, what is in it, since the file may change."""
    value = plan.start.options[name]
    kind = plan.start.plugin.manifest["operations"]
    entry = next(entry for entry in kind if entry["name"] == plan.start.name)
    if value is None or entry["options"][name]["type"] != "path":
        return value
    paths = value if isinstance(value, list) else [value]
    return [{"path": path, "sha256": _hash(Path(path))} for path in paths]


def _hash(path: Path) -> str:
    """Hash a file, or a folder as the names and hashes of the files in it."""
    try:
        if path.is_file():
            return sha256_of_file(path)
        if not stat.S_ISDIR(path.stat().st_mode):
            raise DataError(f"{path}: a pipe or device, expected a file")
        found = {
            str(p.relative_to(path)): sha256_of_file(p) for p in path.rglob("*") if p.is_file()
        }
    except FileNotFoundError as bad:
        raise DataError(f"{path}: no such file, expected one to read") from bad
    except OSError as bad:
        raise DataError(f"{path}: {bad.strerror}, expected a file to read") from bad
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
