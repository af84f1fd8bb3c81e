"""PocketSphinx's decoder with the English model of its package: words, times, confidence."""

import hashlib
import re
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqstudio.api import ConfigError, ModelError, Recognition, Word

NAME = "pocketsphinx-en"
RATE_HZ = 16000
FRAME_S = 0.01
FILLER = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")  # silence and noise, which are no words
VARIANT_IN_TEXT = re.compile(r"\(\d+\)(?=\s|$)")
LISTED, ALTERNATIVES = 50, 5  # hypotheses that are looked at: many have the same words
VARIANT = re.compile(r"\(\d+\)$")  # of a pronunciation


class PocketSphinx:
    """The recogniser; it brings its own model."""

    name = NAME

    def load(self, folder: Path | None, threads: int) -> "LoadedPocketSphinx":
        """Load the model of the package; PocketSphinx uses one thread.

        Raises
        ------
        ModelError
            If a folder is given, or the package has no model.
        """
        from pocketsphinx import Decoder, get_model_path

        if folder is not None:
            raise ModelError(f"{folder}: expected no folder, since {NAME} has its own model")
        model = Path(get_model_path("en-us"))
        try:
            decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
        except RuntimeError as error:
            raise ModelError(f"{model}: {error}, expected PocketSphinx's English model") from error
        return LoadedPocketSphinx(decoder, _hash(model))


class LoadedPocketSphinx:
    """The decoder with its model in memory."""

    name = NAME
    rate_hz = RATE_HZ
    longest_s = 20.0

    def __init__(self, decoder: Any, sha256: str) -> None:
        self.sha256 = sha256
        self._decoder = decoder

    def recognise(self, samples: npt.NDArray[np.float32], language: str) -> Recognition:
        """Recognise one piece.

        Raises
        ------
        ConfigError
            If the language is not English.
        """
        if language and language.partition("-")[0].lower() != "en":
            raise ConfigError(f"{NAME}: language={language!r}, expected 'en'")
        levels = np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)
        # A new utterance forgets what the one before did to the mean of the features.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(levels.tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        exp = self._decoder.get_logmath().exp
        words = tuple(
            Word(
                word=VARIANT.sub("", one.word),
                start_s=one.start_frame * FRAME_S,
                end_s=(one.end_frame + 1) * FRAME_S,
                confidence=round(min(max(float(exp(one.prob)), 0.0), 1.0), 4),
            )
            for one in self._decoder.seg() or ()
            if not FILLER.fullmatch(one.word)
        )
        heard = " ".join(word.word for word in words)
        return Recognition(words=words, language="en-US", alternatives=self._others(heard))

    def _others(self, heard: str) -> tuple[str, ...]:
        """Return the likeliest other texts; their scores are no probabilities of words."""
        found = (one.hypstr or "" for one in islice(self._decoder.nbest() or (), LISTED) if one)
        texts = dict.fromkeys(VARIANT_IN_TEXT.sub("", text) for text in found)
        return tuple(text for text in texts if text and text != heard)[:ALTERNATIVES]


def _hash(model: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in model.parent.rglob("*") if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
