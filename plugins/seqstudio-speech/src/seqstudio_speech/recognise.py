"""The one way from a recording to words: the operation, `evaluate` and previews all take it."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seqstudio.api import LoadedModel, ModelError, Transcript, Word
from seqstudio.api.media import audio_info
from seqstudio.api.nn import align, best_path, prefix_beam
from seqstudio_speech.features import log_mel, offset, standardise
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.sound import LEVEL_S, Chunk, chunks, is_silent, loud_levels
from seqstudio_speech.text import Alphabet
from seqstudio_speech.words import segments_of, spread, words_of

ALTERNATIVES = 4  # other hypotheses that a transcript of one chunk shows


@dataclass(frozen=True, slots=True)
class Heard:
    """What one chunk says: words with times in the recording, and other readings of it.

    `frames_sum` is the sum of its `frames` standardised frames, (mels,) float, or 0.
    """

    words: tuple[Word, ...] = ()
    alternatives: tuple[str, ...] = ()
    frames_sum: Tensor | float = 0.0
    frames: int = 0


class Recogniser:
    """A loaded model with a beam: recordings in, transcripts out.

    Raises
    ------
    ModelError
        If the model's labels are not those of its vocabulary.
    """

    def __init__(self, model: LoadedModel, beam: int | None = None) -> None:
        self.model = model
        self.settings: SpeechSettings = model.settings
        labels, signs = model.module.config.ctc.vocabulary, len(self.settings.vocabulary)
        if labels != signs + 1:
            raise ModelError(
                f"model {model.name!r}: a vocabulary of {signs} signs for {labels} labels, "
                f"expected {labels - 1} signs and the blank"
            )
        self.alphabet = Alphabet(self.settings)
        self.beam = self.settings.beam if beam is None else beam

    def transcribe(
        self, path: Path, heard_until: Callable[[float], None] = lambda seconds: None
    ) -> Transcript:
        """Transcribe a recording of any length.

        Parameters
        ----------
        path : the recording
        heard_until : is told, after each chunk, how many seconds are done

        Raises
        ------
        DataError
            If the recording cannot be read.
        """
        duration_s = audio_info(path).duration_s
        heard: list[Heard] = []
        for chunk in chunks(path, self.settings.features.rate_hz):
            heard.append(self._hear(chunk))
            heard_until(chunk.start_s + len(chunk.samples) / self.settings.features.rate_hz)
        words = [word for one in heard for word in _inside(one.words, duration_s)]
        return Transcript(
            audio=path.name,
            duration_s=round(duration_s, 3),
            text=" ".join(word.word for word in words),
            language=self.settings.language or None,
            unlike_training=self._unlike(heard),
            segments=segments_of(words),
            alternatives=heard[0].alternatives if len(heard) == 1 else (),
            provenance={
                "model": self.model.name,
                "model_sha256": self.model.sha256,
                "beam": self.beam,
            },
        )

    def _hear(self, chunk: Chunk) -> Heard:
        rate_hz = self.settings.features.rate_hz
        if is_silent(chunk.samples, rate_hz):
            return Heard()
        frames = log_mel(torch.from_numpy(chunk.samples), self.settings.features)
        frames = standardise(frames, self.model.preparation.buffers)
        log_probs = self.log_probs(frames)
        labels, others = self._search(log_probs)
        text = self.alphabet.decode(labels)
        near = words_of(text, align(log_probs, labels), self._seconds)
        length_s = len(chunk.samples) / rate_hz
        words = spread(near, loud_levels(chunk.samples, rate_hz), LEVEL_S, length_s)
        read = (" ".join(self.alphabet.decode(other).split()) for other in others)
        return Heard(
            words=tuple(_shifted(word, chunk.start_s) for word in words),
            alternatives=tuple(dict.fromkeys(one for one in read if one != " ".join(text.split()))),
            frames_sum=frames.sum(0),
            frames=len(frames),
        )

    @torch.inference_mode()
    def log_probs(self, frames: Tensor) -> Tensor:
        """Give (T', V) log probabilities of the labels, on the CPU, for standardised frames."""
        module, device = self.model.module, self.model.device
        encoded = module.encode(frames[None].to(device), torch.tensor([len(frames)], device=device))
        found: Tensor = module.ctc_log_probs(encoded)[0].cpu()
        return found

    def _unlike(self, heard: list[Heard]) -> bool | None:
        """Say whether a recording lies farther out than nearly all that were trained on."""
        count = sum(one.frames for one in heard)
        if not count or not self.settings.usual_offset:
            return None
        total = torch.as_tensor(sum(one.frames_sum for one in heard))
        return offset(total, count) > self.settings.usual_offset

    def _search(self, log_probs: Tensor) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
        """Give the likeliest labels, and the next ones."""
        if self.beam == 1:
            return best_path(log_probs), []
        first, *others = prefix_beam(log_probs, self.beam)
        return first.labels, [other.labels for other in others[:ALTERNATIVES]]

    def _seconds(self, start_frame: int, end_frame: int) -> tuple[float, float]:
        """Give the stretch that encoder frames, half open, stand for: seconds in their chunk."""
        geometry = self.model.module.geometry
        half = geometry.stride / 2
        hop_s = self.settings.features.hop_ms / 1000
        start = (geometry.input_frame(start_frame) - half) * hop_s
        return start, (geometry.input_frame(end_frame - 1) + half) * hop_s


def _shifted(word: Word, by_s: float) -> Word:
    return dataclasses.replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)


def _inside(words: tuple[Word, ...], duration_s: float) -> Iterator[Word]:
    """Keep times inside the recording, to a millisecond."""
    for word in words:
        start, end = (round(min(max(0.0, at), duration_s), 3) for at in (word.start_s, word.end_s))
        yield dataclasses.replace(word, start_s=start, end_s=end)
