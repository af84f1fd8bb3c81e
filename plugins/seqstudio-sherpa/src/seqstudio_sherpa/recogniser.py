"""A model of sherpa-onnx as a recogniser: words with the times of their tokens."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqstudio.api import ModelError, Recognition, Word
from seqstudio_sherpa.onnx_metadata import onnx_metadata

RATE_HZ = 16000
LEAST_S = 0.1  # shorter audio has no frame
LAST_TOKEN_S = 0.2  # how long a word goes on after its last token begins, at most
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # begins a token that begins a word
TRANSDUCERS: Mapping[str, str] = {  # model_type of the encoder -> as sherpa-onnx has it
    **dict.fromkeys(("zipformer", "zipformer2", "conformer", "lstm"), "transducer"),
    **dict.fromkeys(("EncDecRNNTBPEModel", "EncDecHybridRNNTCTCBPEModel"), "nemo_transducer"),
}
CTC_MODELS: Mapping[str, str] = {  # model_type -> the constructor
    **dict.fromkeys(
        ("EncDecCTCModelBPE", "EncDecCTCModel", "EncDecHybridRNNTCTCBPEModel"), "from_nemo_ctc"
    ),
    "zipformer2_ctc": "from_zipformer_ctc",
}


class Sherpa:
    """A recogniser for the folders of one kind of model."""

    def __init__(self, name: str) -> None:
        self.name = name

    def load(self, folder: Path | None, threads: int) -> "LoadedSherpa":
        """Load the model in a folder; of a part in several precisions the int8 one.

        Raises
        ------
        ModelError
            If no folder is given, or its files are not a model of this kind.
        """
        from sherpa_onnx import OfflineRecognizer

        if folder is None:
            raise ModelError(f"{self.name}: no model, expected the folder of one as --model")
        given: dict[str, Any] = {"tokens": str(folder / "tokens.txt"), "num_threads": threads}
        if self.name == "sherpa-ctc":
            model = _part(folder, "model")
            create = getattr(OfflineRecognizer, _kind(model, CTC_MODELS))
            given["model"] = str(model)
        else:
            parts = {part: _part(folder, part) for part in ("encoder", "decoder", "joiner")}
            given["model_type"] = _kind(parts["encoder"], TRANSDUCERS)
            create = OfflineRecognizer.from_transducer
            given |= {part: str(path) for part, path in parts.items()}
        try:
            engine = create(**given)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{folder}: {error}, expected a model of sherpa-onnx") from error
        return LoadedSherpa(folder.name, _hash(folder), engine)


class LoadedSherpa:
    """A model in memory."""

    rate_hz = RATE_HZ
    longest_s = 30.0

    def __init__(self, name: str, sha256: str, engine: Any) -> None:
        self.name = name
        self.sha256 = sha256
        self._engine = engine

    def recognise(self, samples: npt.NDArray[np.float32], language: str) -> Recognition:
        """Recognise one piece by greedy search; the language is the model's, whatever is given."""
        if len(samples) < LEAST_S * RATE_HZ:
            return Recognition()
        stream = self._engine.create_stream()
        stream.accept_waveform(RATE_HZ, samples)
        self._engine.decode_stream(stream)
        found = stream.result
        words = words_of(found.tokens, found.timestamps, len(samples) / RATE_HZ)
        return Recognition(words=words, language=language or None)


def words_of(tokens: Sequence[str], starts_s: Sequence[float], length_s: float) -> tuple[Word, ...]:
    """Join tokens to words; the end of a word is estimated, since tokens have only starts.

    Parameters
    ----------
    tokens : one that begins a word begins with a space or its sign
    starts_s : of each
    length_s : of the piece

    >>> going, _ = words_of([" go", "ing", " on"], [0.5, 0.75, 0.9], 2.0)
    >>> going.word, going.start_s, going.end_s
    ('going', 0.5, 0.9)
    """
    groups: list[tuple[str, list[float]]] = []
    for token, start_s in zip(tokens, starts_s, strict=True):
        text = token.replace(SPACE, " ")
        if groups and not text.startswith(" "):
            groups[-1] = groups[-1][0] + text, [*groups[-1][1], start_s]
        else:
            groups.append((text, [start_s]))
    ends_s = [times[0] for _, times in groups[1:]] + [length_s] * bool(groups)
    return tuple(
        Word(word=text.strip(), start_s=times[0], end_s=min(times[-1] + LAST_TOKEN_S, end_s))
        for (text, times), end_s in zip(groups, ends_s, strict=True)
        if text.strip()
    )


def _part(folder: Path, name: str) -> Path:
    found = sorted(folder.glob(f"{name}*.onnx"), key=lambda p: (".int8" not in p.name, p.name))
    if not found:
        raise ModelError(f"{folder}: no {name}*.onnx, expected one")
    return found[0]


def _kind(path: Path, kinds: Mapping[str, str]) -> str:
    """Return how sherpa-onnx names the kind of a model."""
    kind = onnx_metadata(path).get("model_type", "none")
    if kind not in kinds:
        raise ModelError(f"{path}: model_type={kind}, expected one of: {', '.join(kinds)}")
    return kinds[kind]


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.onnx"), folder / "tokens.txt"]):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
