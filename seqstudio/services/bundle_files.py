"""The files of a model bundle: a folder, or a `.seqmodel` zip. Torch-free; opens no pickle.

`config.json` says what the model is, `weights.safetensors` holds its tensors (buffers of the task
under `task_buffers.NAME`), `card.json` where it comes from, `golden.json` (optional) what it should
answer, and `hashes.json` the SHA-256 of each of them.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ModelError
from seqstudio.services.atomic_files import (
    os_errors_as,
    json_bytes,
    atomic_folder,
    sha256_of,
    write_atomic,
)
from seqstudio.services.bundle_store import open_bundle
from seqstudio.services.card import ModelCard
from seqstudio.services.safetensors_header import HEADER_LIMIT, TensorEntry, read_header

T = TypeVar("T")

SCHEMA = 1
CONFIG, WEIGHTS, CARD = "config.json", "weights.safetensors", "card.json"
GOLDEN, HASHES = "golden.json", "hashes.json"
REQUIRED = (CONFIG, WEIGHTS, CARD)
ORDER = (CONFIG, CARD, GOLDEN, WEIGHTS, HASHES)
TASK_BUFFERS = "task_buffers."


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleConfig:
    """What is in `config.json`."""

    schema: int
    task: str
    plugin: str
    plugin_version: str
    requires: Mapping[str, str] = field(default_factory=dict)  # part -> "plugin>=version"
    model: Mapping[str, Any]  # the core's configuration
    settings: Mapping[str, Any]  # the task's
    buffers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # name -> shape

    def __post_init__(self) -> None:
        for name in self.buffers:
            if not name.isidentifier():
                raise ModelError(f"buffer {name!r}, expected a plain name")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenItem:
    """One thing that the model should still do: a demo item, options, and what comes out."""

    operation: str
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # demo file names
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    expected: Mapping[str, str]  # output name -> text, or "sha256:..." of its bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInfo:
    """What can be said of a bundle without loading it."""

    name: str
    path: Path
    task: str
    plugin: str
    plugin_version: str
    sha256: str
    size: int  # bytes of all files
    parameters: int
    dtypes: tuple[str, ...]
    config: BundleConfig
    card: ModelCard
    golden: tuple[GoldenItem, ...] = ()


def bundle_name(path: Path) -> str:
    """Give the name of a bundle: its folder's or file's; a run's `model` is called after the run.

    >>> bundle_name(Path("runs/speech-1/model")), bundle_name(Path("rolls.seqmodel"))
    ('speech-1', 'rolls')
    """
    if path.name == "model" and path.suffix == "":
        return path.parent.name or path.name
    return path.name.removesuffix(".seqmodel")


def inspect_bundle(path: Path) -> BundleInfo:
    """Read what a bundle says of itself: its JSON files and the header of its weights.

    Raises
    ------
    ModelError
        If a file is missing, unknown, unsafe or malformed. Hashes of the JSON files are compared;
        those of the weights by `verify_files`.
    """
    with open_bundle(path) as store:
        hashes = check_names(
            store.sizes, store.read(HASHES) if HASHES in store.sizes else None, path
        )
        read = {n: _matching(store.read(n), hashes[n], path, n) for n in hashes if n != WEIGHTS}
        start = store.read(WEIGHTS, limit=HEADER_LIMIT + 8)
        entries = read_header(start, store.sizes[WEIGHTS], f"{path}: {WEIGHTS}")
        config = parse(BundleConfig, read[CONFIG], f"{path}: {CONFIG}")
        check_schema(config, path)
        return BundleInfo(
            name=bundle_name(path),
            path=path,
            task=config.task,
            plugin=config.plugin,
            plugin_version=config.plugin_version,
            sha256=sha256_of(store.read(HASHES)),
            size=sum(store.sizes.values()),
            parameters=count_parameters(entries),
            dtypes=tuple(sorted({entry.dtype for entry in entries.values()})),
            config=config,
            card=parse(ModelCard, read[CARD], f"{path}: {CARD}"),
            golden=parse(tuple[GoldenItem, ...], read.get(GOLDEN, b"[]"), f"{path}: {GOLDEN}"),
        )


def verify_files(path: Path) -> BundleInfo:
    """Check every file of a bundle against its hash, and the layout of the weights.

    Raises
    ------
    ModelError
        With one line that names the file and the fault.
    """
    read_bundle(path)
    return inspect_bundle(path)


def read_bundle(path: Path) -> tuple[BundleInfo, bytes]:
    """Read a bundle whose hashes all fit: its facts, and the bytes of its weights.

    Raises
    ------
    ModelError
        As `inspect`, and where the weights do not match their hash.
    """
    facts = inspect_bundle(path)
    with open_bundle(path) as store:
        hashes = check_names(store.sizes, store.read(HASHES), path)
        weights = _matching(store.read(WEIGHTS), hashes[WEIGHTS], path, WEIGHTS)
    return facts, weights


def check_names(sizes: Mapping[str, int], hashes: bytes | None, path: Path) -> dict[str, str]:
    """Give the hash of each file, having seen that just the files of a bundle are there."""
    for name in sizes:
        if name not in ORDER:
            what = "a pickle" if _pickle_name(name) else "an unknown file"
            raise ModelError(f"{path}: {name} is {what}, expected only {', '.join(ORDER)}")
    for name in (*REQUIRED, HASHES):
        if name not in sizes:
            raise ModelError(f"{path}: no {name}, expected one")
    table = parse(Mapping[str, str], hashes or b"", f"{path}: {HASHES}")
    if set(table) != set(sizes) - {HASHES}:
        strange = sorted(set(table) ^ (set(sizes) - {HASHES}))[0]
        raise ModelError(f"{path}: {HASHES} and the files differ in {strange}, expected the same")
    return dict(table)


def check_schema(config: BundleConfig, path: Path) -> None:
    """Raise ModelError for a bundle of another schema."""
    if config.schema != SCHEMA:
        raise ModelError(f"{path}: {CONFIG}.schema={config.schema}, expected {SCHEMA}")


def count_parameters(entries: Mapping[str, TensorEntry]) -> int:
    """Count the numbers in all tensors but the task's buffers."""
    total = 0
    for name, entry in entries.items():
        if not name.startswith(TASK_BUFFERS):
            size = 1
            for length in entry.shape:
                size *= length
            total += size
    return total


def parse(kind: Any, data: bytes, where: str) -> Any:
    """Read JSON bytes strictly as `kind`.

    Raises
    ------
    ModelError
        If the bytes are not JSON, or the value does not fit.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as bad:
        raise ModelError(f"{where}: {bad}, expected JSON") from bad
    return from_plain(kind, value, where, error=ModelError)


def write_bundle(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files of a bundle into an empty folder, with their hashes."""
    for name, data in {**contents, HASHES: hashes_of(contents)}.items():
        (folder / name).write_bytes(data)


def hashes_of(contents: Mapping[str, bytes]) -> bytes:
    """Give the bytes of `hashes.json`."""
    return json_bytes({name: sha256_of(contents[name]) for name in sorted(contents)})


def export_bundle(
    source: Path,
    target: Path,
    *,
    card: ModelCard | None = None,
    golden: tuple[GoldenItem, ...] | None = None,
) -> BundleInfo:
    """Copy a bundle to a new folder, or to one file if `target` ends in `.seqmodel`.

    The same bundle gives the same bytes. A new `card` or new `golden` items replace the old.

    Raises
    ------
    ModelError
        If the source does not verify, or the target exists.
    """
    if target.exists():
        raise ModelError(f"{target} exists, expected a new folder or file")
    _, weights = read_bundle(source)
    with open_bundle(source) as store:
        contents = {name: store.read(name) for name in store.sizes if name != HASHES}
    contents[WEIGHTS] = weights
    if card is not None:
        contents[CARD] = json_bytes(to_plain(card))
    if golden is not None:
        contents[GOLDEN] = json_bytes(to_plain(golden))
    with os_errors_as(ModelError, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".seqmodel":
            write_atomic(target, _zip_bytes(contents | {HASHES: hashes_of(contents)}))
        else:
            with atomic_folder(target) as beside:
                write_bundle(beside, contents)
    return inspect_bundle(target)


def _zip_bytes(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in (name for name in ORDER if name in contents):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, contents[name])
    return buffer.getvalue()


def _matching(data: bytes, sha256: str, path: Path, name: str) -> bytes:
    if (found := sha256_of(data)) != sha256:
        raise ModelError(f"{path}: {name} has SHA-256 {found[:12]}, expected {sha256[:12]}")
    return data


def _pickle_name(name: str) -> bool:
    return Path(name).suffix in {".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib"}
