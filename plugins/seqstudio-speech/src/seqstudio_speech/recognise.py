"""From a recording to words: used by the operation, by `evaluate` and by previews alike."""

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
from seqstudio_speech.recordings import LEVEL_S, Chunk, chunks, is_silent, loud_levels
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.text import Alphabet
from seqstudio_speech.words import segments_of, widen, words_of

ALTERNATIVES = 4  # further hypotheses in the transcript of a recording of one chunk


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The words of one chunk, with times in the recording, and alternative texts.

    `frames_sum` is the sum of its `frames` standardised frames, (mels,) float, or 0.
    """

    words: tuple[Word, ...] = ()
    alternatives: tuple[str, ...] = ()
    frames_sum: Tensor | float = 0.0
    frames: int = 0


class Recogniser:
    """Transcribes recordings with a loaded model and a beam.

    Raises
    ------
    ModelError
        If the model's labels are not those of its vocabulary.
    """

    def __init__(self, model: LoadedModel, beam: int | None = None) -> None:
        self.model = model
        self.settings: SpeechSettings = model.settings
        labels, characters = (
            model.module.config.heads["ctc"].vocabulary,
            len(self.settings.vocabulary),
        )
        if labels != characters + 1:
            raise ModelError(
                f"model {model.name!r}: {characters} characters for {labels} labels, "
                f"expected {labels - 1} characters and the blank"
            )
        self.alphabet = Alphabet(self.settings)
        self.beam = self.settings.beam if beam is None else beam

    def transcribe(
        self, path: Path, on_progress: Callable[[float], None] = lambda seconds: None
    ) -> Transcript:
        """Transcribe a recording of any length.

        Parameters
        ----------
        path : the recording
        on_progress : called after each chunk with the number of seconds done

        Raises
        ------
        DataError
            If the recording cannot be read.
        """
        duration_s = audio_info(path).duration_s
        rate_hz = self.settings.features.rate_hz
        results: list[ChunkResult] = []
        for chunk in chunks(path, rate_hz):
            results.append(self._transcribe_chunk(chunk))
            on_progress(chunk.start_s + len(chunk.samples) / rate_hz)
        words = [word for result in results for word in _clamped(result.words, duration_s)]
        return Transcript(
            audio=path.name,
            duration_s=round(duration_s, 3),
            text=" ".join(word.word for word in words),
            language=self.settings.language or None,
            unlike_training=self._unlike_training(results),
            segments=segments_of(words),
            alternatives=results[0].alternatives if len(results) == 1 else (),
            provenance={
                "model": self.model.name,
                "model_sha256": self.model.sha256,
                "beam": self.beam,
            },
        )

    def _transcribe_chunk(self, chunk: Chunk) -> ChunkResult:
        rate_hz = self.settings.features.rate_hz
        if is_silent(chunk.samples, rate_hz):
            return ChunkResult()
        frames = log_mel(torch.from_numpy(chunk.samples), self.settings.features)
        frames = standardise(frames, self.model.preparation.buffers)
        log_probs = self.log_probs(frames)
        labels, others = self._search(log_probs)
        text = self.alphabet.decode(labels)
        aligned = words_of(text, align(log_probs, labels), self._seconds)
        length_s = len(chunk.samples) / rate_hz
        words = widen(aligned, loud_levels(chunk.samples, rate_hz), LEVEL_S, length_s)
        best = " ".join(text.split())
        texts = (" ".join(self.alphabet.decode(other).split()) for other in others)
        return ChunkResult(
            words=tuple(_shifted(word, chunk.start_s) for word in words),
            alternatives=tuple(dict.fromkeys(other for other in texts if other != best)),
            frames_sum=frames.sum(0),
            frames=len(frames),
        )

    @torch.inference_mode()
    def log_probs(self, frames: Tensor) -> Tensor:
        """Return the (T', V) log probabilities of standardised frames, on the CPU."""
        module, device = self.model.module, self.model.device
        encoded = module.encode(frames[None].to(device), torch.tensor([len(frames)], device=device))
        found: Tensor = module.head("ctc")(encoded)[0].cpu()
        return found

    def _unlike_training(self, results: list[ChunkResult]) -> bool | None:
        """Return whether a recording differs more than nearly all training data; None: unknown."""
        count = sum(result.frames for result in results)
        if not count or not self.settings.usual_offset:
            return None
        total = torch.as_tensor(sum(result.frames_sum for result in results))
        return offset(total, count) > self.settings.usual_offset

    def _search(self, log_probs: Tensor) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
        """Return the most likely labels, and the next ones."""
        if self.beam == 1:
            return best_path(log_probs), []
        first, *others = prefix_beam(log_probs, self.beam)
        return first.labels, [other.labels for other in others[:ALTERNATIVES]]

    def _seconds(self, start_frame: int, end_frame: int) -> tuple[float, float]:
        """Return start and end of half-open encoder frames, in seconds from the chunk's start."""
        geometry = self.model.module.geometry
        half = geometry.stride / 2
        hop_s = self.settings.features.hop_ms / 1000
        start = (geometry.input_frame(start_frame) - half) * hop_s
        return start, (geometry.input_frame(end_frame - 1) + half) * hop_s


def _shifted(word: Word, by_s: float) -> Word:
    return dataclasses.replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)


def _clamped(words: tuple[Word, ...], duration_s: float) -> Iterator[Word]:
    """Yield words with times within the recording, rounded to a millisecond."""
    for word in words:
        start, end = (
            round(min(max(0.0, time_s), duration_s), 3) for time_s in (word.start_s, word.end_s)
        )
        yield dataclasses.replace(word, start_s=start, end_s=end)
