"""A Whisper model of CTranslate2 as a recogniser: words with times and confidence."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqstudio.api import ConfigError, ModelError, Recognition, Word
from seqstudio_whisper.models import PackagedModel, folder_hash, packaged_files

RATE_HZ = 16000
WINDOW_S = 30.0  # what the encoder always hears
BEAM = 5


class Whisper:
    """A recogniser that loads a packaged model, or one in a folder of the user's."""

    def __init__(self, name: str, packaged: PackagedModel | None = None) -> None:
        self.name = name
        self._packaged = packaged

    def load(self, folder: Path | None, threads: int) -> "LoadedWhisper":
        """Load the model; every file is read from the disk.

        Raises
        ------
        ModelError
            If the model is missing or damaged, or is not the one of its name.
        """
        from faster_whisper import WhisperModel

        given: dict[str, Any] = {"device": "cpu", "compute_type": "int8", "cpu_threads": threads}
        try:
            if folder is not None:
                name, sha256 = folder.name, folder_hash(folder)
                model = WhisperModel(str(folder), local_files_only=True, **given)
            elif self._packaged is not None:
                name, sha256 = self.name, self._packaged.sha256
                model = WhisperModel(name, files=packaged_files(self._packaged), **given)
            else:
                raise ModelError(f"{self.name}: no model, expected the folder of one as --model")
        except (RuntimeError, ValueError) as error:  # what CTranslate2 says of a damaged model
            raise ModelError(f"{folder or self.name}: {error}, expected a Whisper model") from error
        return LoadedWhisper(name, sha256, model)


class LoadedWhisper:
    """A Whisper model in memory."""

    rate_hz = RATE_HZ
    longest_s = WINDOW_S - 1.0  # so that its window holds a whole piece

    def __init__(self, name: str, sha256: str, model: Any) -> None:
        self.name = name
        self.sha256 = sha256
        self._model = model

    def recognise(self, samples: npt.NDArray[np.float32], language: str) -> Recognition:
        """Recognise one piece, without a random draw: the same samples give the same words.

        Raises
        ------
        ConfigError
            If the model does not know the language.
        """
        code = language.partition("-")[0].lower()
        known = self._model.supported_languages
        if code and code not in known:
            expected = ", ".join(known[:8]) + (" and others" if len(known) > 8 else "")
            raise ConfigError(f"{self.name}: language={language!r}, expected one of: {expected}")
        segments, info = self._model.transcribe(
            samples,
            language=code or None,
            beam_size=BEAM,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        words: list[Word] = []
        attached: list[bool] = []
        for segment in segments:
            for one in segment.words or ():
                if not (text := one.word.strip()):
                    continue
                attached.append(bool(words) and not one.word.startswith(" "))
                words.append(
                    Word(
                        word=text,
                        start_s=float(one.start),
                        end_s=float(one.end),
                        confidence=round(min(max(float(one.probability), 0.0), 1.0), 4),
                    )
                )
        return Recognition(words=tuple(words), attached=tuple(attached), language=info.language)
