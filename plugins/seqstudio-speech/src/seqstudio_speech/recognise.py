"""The one way from a recording to words: the operation, `evaluate` and previews all take it."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seqstudio.api import LoadedModel, Transcript, Word
from seqstudio.api.media import audio_info
from seqstudio.api.nn import align, best_path, prefix_beam
from seqstudio_speech.features import log_mel, standardise
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.sound import LEVEL_S, Chunk, chunks, is_silent, loud_levels
from seqstudio_speech.text import Alphabet
from seqstudio_speech.words import segments_of, spread, words_of

ALTERNATIVES = 4  # other hypotheses that a transcript of one chunk shows


@dataclass(frozen=True, slots=True)
class Heard:
    """What one chunk says: words with times from its start, and other readings of it."""

    words: tuple[Word, ...]
    alternatives: tuple[str, ...] = ()


class Recogniser:
    """A loaded model with a beam: recordings in, transcripts out."""

    def __init__(self, model: LoadedModel, beam: int | None = None) -> None:
        self.model = model
        self.settings: SpeechSettings = model.settings
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
        words: list[Word] = []
        alternatives: tuple[str, ...] = ()
        count = 0
        for chunk in chunks(path, self.settings.features.rate_hz):
            heard = self._hear(chunk)
            words.extend(_placed(heard.words, chunk.start_s, duration_s))
            alternatives, count = heard.alternatives, count + 1
            heard_until(chunk.start_s + len(chunk.samples) / self.settings.features.rate_hz)
        return Transcript(
            audio=path.name,
            duration_s=round(duration_s, 3),
            text=" ".join(word.word for word in words),
            language=self.settings.language or None,
            segments=segments_of(words),
            alternatives=alternatives if count == 1 else (),
        )

    def _hear(self, chunk: Chunk) -> Heard:
        if is_silent(chunk.samples, self.settings.features.rate_hz):
            return Heard(())
        log_probs = self.log_probs(chunk)
        labels, others = self._search(log_probs)
        text = self.alphabet.decode(labels)
        aligned = align(log_probs, labels)
        rate_hz = self.settings.features.rate_hz
        words = spread(
            words_of(text, aligned, self._seconds),
            loud_levels(chunk.samples, rate_hz),
            LEVEL_S,
            len(chunk.samples) / rate_hz,
        )
        return Heard(words, tuple(" ".join(self.alphabet.decode(o).split()) for o in others))

    @torch.inference_mode()
    def log_probs(self, chunk: Chunk) -> Tensor:
        """Give (T', V) log probabilities of the labels, on the CPU."""
        frames = log_mel(torch.from_numpy(chunk.samples), self.settings.features)
        frames = standardise(frames, self.model.preparation.buffers)
        module, device = self.model.module, self.model.device
        encoded = module.encode(frames[None].to(device), torch.tensor([len(frames)], device=device))
        found: Tensor = module.ctc_log_probs(encoded)[0].cpu()
        return found

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


def _placed(words: tuple[Word, ...], start_s: float, duration_s: float) -> Iterator[Word]:
    """Shift words to where their chunk begins, inside the recording, to a millisecond."""
    for word in words:
        start, end = (
            round(min(max(0.0, start_s + at), duration_s), 3) for at in (word.start_s, word.end_s)
        )
        yield dataclasses.replace(word, start_s=start, end_s=end)
