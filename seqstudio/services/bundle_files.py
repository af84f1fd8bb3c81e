"""The files of a model bundle: a folder, or a `.seqmodel` zip. Torch-free; never opens a pickle.

`config.json` describes the model, `weights.safetensors` holds its tensors (buffers of the task
under `task_buffers.NAME`), `card.json` its origin and metrics, `golden.json` (optional) reference
outputs, and `hashes.json` the SHA-256 of each of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import ModelError
from seqstudio.services.atomic_files import (
    atomic_folder,
    json_bytes,
    os_errors_as,
    sha256_of,
    write_atomic,
)
from seqstudio.services.bundle_limits import (
    check_buffers,
    check_golden_count,
    check_layers,
    check_sizes,
)
from seqstudio.services.bundle_reader import BundleReader, open_bundle
from seqstudio.services.model_card import ModelCard
from seqstudio.services.safetensors_header import (
    HEADER_LIMIT,
    TensorEntry,
    is_scale,
    read_header,
)
from seqstudio.services.zip_files import zip_bytes

T = TypeVar("T")

SCHEMA = 1
CONFIG, WEIGHTS, CARD = "config.json", "weights.safetensors", "card.json"
GOLDEN, HASHES = "golden.json", "hashes.json"
REQUIRED = (CONFIG, WEIGHTS, CARD)
ORDER = (CONFIG, CARD, GOLDEN, WEIGHTS, HASHES)
TASK_BUFFERS = "task_buffers."
IN_8_BITS = "Weights of 8 bits, rounded after measuring."  # a remark of cards


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel:
    """A model that another one was trained from, or is an adapter of."""

    name: str
    sha256: str  # of the bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleConfig:
    """The contents of `config.json`."""

    schema: int
    task: str
    plugin: str
    plugin_version: str
    requires: Mapping[str, str] = field(default_factory=dict)  # part -> "plugin>=version"
    model: Mapping[str, Any]  # the core's model configuration
    settings: Mapping[str, Any]  # of the task's `settings_type`
    buffers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # name -> shape
    base: BaseModel | None = None  # of an adapter, whose weights are added to the base's

    def __post_init__(self) -> None:
        for name in self.buffers:
            if not name.isidentifier():
                raise ModelError(f"buffer {name!r}, expected a plain name")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenItem:
    """A reference output of the model: demo files, options, a seed and the expected outputs."""

    operation: str
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # demo file names
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    expected: Mapping[str, str]  # output name -> text, or "sha256:..." of its bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInfo:
    """What is known of a bundle without loading its weights."""

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
    """Return the name of a bundle: that of its folder or file, or of the run for a run's `model`.

    >>> bundle_name(Path("runs/speech-1/model")), bundle_name(Path("rolls.seqmodel"))
    ('speech-1', 'rolls')
    """
    if path.name == "model" and path.suffix == "":
        return path.parent.name or path.name
    return path.name.removesuffix(".seqmodel")


def inspect_bundle(path: Path) -> BundleInfo:
    """Read the JSON files of a bundle and the header of its weights.

    Raises
    ------
    ModelError
        If a file is missing, unknown, unsafe, too large or malformed, or a JSON file does not match
        its hash. The hash and the numbers of the weights are checked by `verify_files`.
    """
    with open_bundle(path) as reader:
        check_sizes(reader.sizes, path)
        data = reader.read(HASHES) if HASHES in reader.sizes else None
        hashes = check_files(reader.sizes, data, path)
        files = {n: _checked(reader.read(n), hashes[n], path, n) for n in hashes if n != WEIGHTS}
        entries = _header(reader, path)
        config = parse_json(BundleConfig, files[CONFIG], f"{path}: {CONFIG}")
        check_schema(config, path)
        check_layers(config.model, f"{path}: {CONFIG}")
        check_buffers(config.buffers, entries, TASK_BUFFERS, f"{path}: {WEIGHTS}")
        where = f"{path}: {GOLDEN}"
        golden = parse_json(tuple[GoldenItem, ...], files.get(GOLDEN, b"[]"), where)
        check_golden_count(len(golden), where)
        return BundleInfo(
            name=bundle_name(path),
            path=path,
            task=config.task,
            plugin=config.plugin,
            plugin_version=config.plugin_version,
            sha256=sha256_of(reader.read(HASHES)),
            size=sum(reader.sizes.values()),
            parameters=count_parameters(entries),
            dtypes=tuple(sorted({entry.dtype for entry in entries.values()})),
            config=config,
            card=parse_json(ModelCard, files[CARD], f"{path}: {CARD}"),
            golden=golden,
        )


def _header(reader: BundleReader, path: Path) -> dict[str, TensorEntry]:
    start = reader.read(WEIGHTS, limit=HEADER_LIMIT + 8)
    return read_header(start, reader.sizes[WEIGHTS], f"{path}: {WEIGHTS}")


def verify_files(path: Path) -> BundleInfo:
    """Check every file of a bundle against its hash, and the layout and numbers of the weights.

    Raises
    ------
    ModelError
        If a check fails; the text is one line with the name of the file.
    """
    read_bundle(path)
    return inspect_bundle(path)


def read_bundle(path: Path) -> tuple[BundleInfo, bytes]:
    """Read a bundle and check all its hashes; return its info and the bytes of its weights.

    Raises
    ------
    ModelError
        As `inspect_bundle`, and if the weights do not match their hash or are not finite.
    """
    from seqstudio.services.finite_weights import check_finite  # imports numpy

    info = inspect_bundle(path)
    with open_bundle(path) as reader:
        hashes = check_files(reader.sizes, reader.read(HASHES), path)
        weights = _checked(reader.read(WEIGHTS), hashes[WEIGHTS], path, WEIGHTS)
        check_finite(weights, _header(reader, path), f"{path}: {WEIGHTS}")
    return info, weights


def check_files(sizes: Mapping[str, int], hashes: bytes | None, path: Path) -> dict[str, str]:
    """Check that a bundle has the right files, and return the hash of each."""
    for name in sizes:
        if name not in ORDER:
            what = "a pickle" if _is_pickle_name(name) else "an unknown file"
            raise ModelError(f"{path}: {name} is {what}, expected only {', '.join(ORDER)}")
    for name in (*REQUIRED, HASHES):
        if name not in sizes:
            raise ModelError(f"{path}: no {name}, expected one")
    table = parse_json(Mapping[str, str], hashes or b"", f"{path}: {HASHES}")
    if set(table) != set(sizes) - {HASHES}:
        name = min(set(table) ^ (set(sizes) - {HASHES}))
        raise ModelError(f"{path}: {HASHES} and the files differ in {name}, expected the same")
    return dict(table)


def check_schema(config: BundleConfig, path: Path) -> None:
    """Raise ModelError if a bundle has another schema."""
    if config.schema != SCHEMA:
        raise ModelError(f"{path}: {CONFIG}.schema={config.schema}, expected {SCHEMA}")


def count_parameters(entries: Mapping[str, TensorEntry]) -> int:
    """Return the number of elements in all tensors except the task's buffers."""
    total = 0
    for name, entry in entries.items():
        if not name.startswith(TASK_BUFFERS) and not is_scale(name, entries):
            size = 1
            for length in entry.shape:
                size *= length
            total += size
    return total


def parse_json(kind: Any, data: bytes, where: str) -> Any:
    """Parse JSON as a value of type `kind`.

    Raises
    ------
    ModelError
        If the bytes are not JSON, or the value has another type.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: {error}, expected JSON") from error
    return from_plain(kind, value, where, error=ModelError)


def write_bundle(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files of a bundle into an empty folder, with their hashes."""
    for name, data in {**contents, HASHES: hashes_of(contents)}.items():
        (folder / name).write_bytes(data)


def hashes_of(contents: Mapping[str, bytes]) -> bytes:
    """Return the contents of `hashes.json`."""
    return json_bytes({name: sha256_of(contents[name]) for name in sorted(contents)})


def export_bundle(
    source: Path,
    target: Path,
    *,
    card: ModelCard | None = None,
    golden: tuple[GoldenItem, ...] | None = None,
    int8: bool = False,
) -> BundleInfo:
    """Copy a bundle to a new folder, or to a zip file if `target` ends in `.seqmodel`.

    Exporting the same bundle twice gives the same bytes. `card` and `golden` replace those of the
    source. `int8` rounds the weights to 8 bits, which halves the bundle: its outputs are others
    then, so that it has no reference outputs, and its card says that it was measured before.

    Raises
    ------
    ModelError
        If a check of the source fails, or the target exists.
    """
    if target.exists():
        raise ModelError(f"{target} exists, expected a new folder or file")
    info, weights = read_bundle(source)
    with open_bundle(source) as reader:
        contents = {name: reader.read(name) for name in reader.sizes if name != HASHES}
    contents[WEIGHTS] = weights
    if int8:
        from seqstudio.services.int8_weights import to_int8  # imports numpy

        card, golden = _in_8_bits(info.card if card is None else card), ()
        contents[WEIGHTS] = to_int8(weights, exempt=TASK_BUFFERS)
    if card is not None:
        contents[CARD] = json_bytes(to_plain(card))
    if golden is not None:
        contents[GOLDEN] = json_bytes(to_plain(golden))
    with os_errors_as(ModelError, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".seqmodel":
            write_atomic(target, zip_bytes(_in_order(contents | {HASHES: hashes_of(contents)})))
        else:
            with atomic_folder(target) as temporary:
                write_bundle(temporary, contents)
    return inspect_bundle(target)


def _in_8_bits(card: ModelCard) -> ModelCard:
    others = tuple(remark for remark in card.remarks if remark != IN_8_BITS)
    return replace(card, remarks=(*others, IN_8_BITS))


def _in_order(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: contents[name] for name in ORDER if name in contents}


def _checked(data: bytes, sha256: str, path: Path, name: str) -> bytes:
    if (found := sha256_of(data)) != sha256:
        raise ModelError(f"{path}: {name} has SHA-256 {found[:12]}, expected {sha256[:12]}")
    return data


def _is_pickle_name(name: str) -> bool:
    return Path(name).suffix in {".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib"}
