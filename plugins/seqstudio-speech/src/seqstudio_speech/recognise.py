"""From a recording to words: used by the operation, by `evaluate` and by previews alike."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from seqstudio.api import LoadedModel, ModelError, Pieces, Transcript, Word
from seqstudio.api.media import AudioSource, audio_info
from seqstudio.api.nn import align
from seqstudio_speech.blocks import BlockHearing, runs_in_blocks
from seqstudio_speech.confidence import rated, with_alternatives
from seqstudio_speech.decoding import Decoder, SearchOptions
from seqstudio_speech.features import log_mel, offset, standardise
from seqstudio_speech.int8 import Int8Encoder
from seqstudio_speech.kept import Heard, in_parts, last, recalled
from seqstudio_speech.mixdown import mixdown_of
from seqstudio_speech.pauses import LEVEL_S, Measure, Samples, levels_db
from seqstudio_speech.posteriors import HeardChunk, Posteriors, heard_chunk
from seqstudio_speech.recordings import Chunk, chunks, is_silent, loud_levels, spoken
from seqstudio_speech.scripts import joined
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.text import Alphabet
from seqstudio_speech.words import attached_of, segments_of, widen, words_of

UNLIKE = "the recording is unlike the training data; check every word"
NOTHING = "nothing was said"
OFFSET_WEIGHT = 0.3  # doubt that a shift of a band by one standard deviation is worth
UNLIKE_MARGIN = 0.09  # more than this is unlike the training data
ALTERNATIVES = 4  # further hypotheses in the transcript of a recording of one chunk


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The words of one chunk, with times in the recording, and alternative texts.

    `doubt` is the sum over its words of 1 less the confidence that their sound gives.
    """

    words: tuple[Word, ...] = ()
    attached: tuple[bool, ...] = ()  # whether each word follows the last one without a space
    alternatives: tuple[str, ...] = ()
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A finished piece of a recording: what the encoder heard, and what the search made of it."""

    heard: HeardChunk
    found: ChunkResult


class Recogniser:
    """Transcribes recordings with a loaded model, its language model and a beam.

    Parameters
    ----------
    model : the model
    options : of the search
    measure : finds the levels, at whose pauses recordings are cut

    Raises
    ------
    ModelError
        If the model's labels are not those of its vocabulary.
    ConfigError
        If int8 is wanted and the extra `onnx` is not installed.
    """

    def __init__(
        self,
        model: LoadedModel,
        options: SearchOptions | None = None,
        measure: Measure = levels_db,
    ) -> None:
        self.model = model
        self._measure = measure
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
        options = options or SearchOptions()
        self.decoder = Decoder(model, options)
        self._int8 = Int8Encoder(model.module) if options.int8 else None
        self.in_blocks = runs_in_blocks(model)

    def transcribe(self, path: Path | AudioSource) -> Transcript:
        """Transcribe a recording of any length.

        Raises
        ------
        DataError
            If the recording cannot be read.
        """
        return last(self.heard(path))

    def heard(
        self,
        path: Path | AudioSource,
        on_progress: Callable[[float], None] = lambda seconds: None,
        pieces: Pieces | None = None,
        on_heard: Callable[[Posteriors], None] = lambda posteriors: None,
    ) -> Iterator[Heard]:
        """Transcribe a recording; yield what was heard now and then, and the whole at the end.

        Parameters
        ----------
        path : the recording
        on_progress : called after each chunk with the number of seconds done
        pieces : what an earlier run finished, and where this one keeps what it finishes
        on_heard : called at the end with what `heard_again` works from

        Raises
        ------
        DataError
            If the recording cannot be read.
        Cancelled
            If `on_progress` raises it, after what was heard so far has been yielded.
        """
        duration_s = audio_info(path).duration_s
        rate_hz = self.settings.features.rate_hz
        mixdown = mixdown_of(path)
        parts = chunks(path, rate_hz, mixdown, self._measure)
        done = (piece for _, piece in recalled(parts, self.piece, Piece, pieces))
        remark = mixdown.remark if mixdown else ""
        found: list[Piece] = []
        yield from self._transcripts(path.name, duration_s, remark, done, found, on_progress)
        heard = tuple(piece.heard for piece in found)
        on_heard(Posteriors(duration_s=duration_s, remark=remark, chunks=heard))

    def heard_again(
        self,
        name: str,
        posteriors: Posteriors,
        on_progress: Callable[[float], None] = lambda seconds: None,
    ) -> Iterator[Heard]:
        """Transcribe a recording from its posteriors, without the recording; yield as `heard` does.

        Parameters
        ----------
        name : of its file
        posteriors : what this model heard in it
        on_progress : as in `heard`
        """
        duration_s, remark = posteriors.duration_s, posteriors.remark
        pieces = (Piece(chunk, self._search(chunk)) for chunk in posteriors.chunks)
        yield from self._transcripts(name, duration_s, remark, pieces, [], on_progress)

    def _transcripts(
        self,
        name: str,
        duration_s: float,
        remark: str,
        pieces: Iterable[Piece],
        done: list[Piece],
        on_progress: Callable[[float], None],
    ) -> Iterator[Heard]:
        """Yield the transcript of the pieces now and then; append each to `done`."""

        def ends_s() -> Iterator[float]:
            for piece in pieces:
                done.append(piece)
                yield piece.heard.end_s

        def transcript(note: str) -> Transcript:
            return self.transcript(name, duration_s, remark, done, note)

        yield from in_parts(ends_s(), transcript, duration_s, on_progress)

    def transcript(
        self,
        name: str,
        duration_s: float,
        remark: str,
        pieces: list[Piece],
        note: str,
    ) -> Transcript:
        """Return the transcript of finished pieces, with a remark and a note if they are not ""."""
        results = [piece.found for piece in pieces]
        words = [word for result in results for word in _clamped(result.words, duration_s)]
        attached = [follows for result in results for follows in result.attached]
        doubt = sum(result.doubt for result in results) / max(1, len(words))
        unlike = self._unlike_training([piece.heard for piece in pieces], doubt)
        remarks = (remark, unlike and UNLIKE, not words and NOTHING, note)
        return Transcript(
            audio=name,
            duration_s=round(duration_s, 3),
            text=joined(zip((word.word for word in words), attached, strict=True)),
            language=self.settings.language or None,
            unlike_training=unlike,
            notes=tuple(remark for remark in remarks if remark),
            segments=segments_of(words, attached),
            alternatives=results[0].alternatives if len(results) == 1 else (),
            provenance={
                "model": self.model.name,
                "model_sha256": self.model.sha256,
                **self.decoder.provenance(),
                **({"encoder": "int8"} if self._int8 else {}),
                "doubt": round(doubt, 4),
            },
        )

    def piece(self, chunk: Chunk, hearing: BlockHearing | None = None) -> Piece:
        """Hear and search one chunk of a recording.

        Parameters
        ----------
        hearing : of a model that runs in blocks: what it has heard of this chunk so far
        """
        heard = self._hear(chunk, hearing)
        return Piece(heard, self._search(heard))

    def _hear(self, chunk: Chunk, hearing: BlockHearing | None = None) -> HeardChunk:
        """Run the encoder over the spoken part of a chunk; in blocks, over all of it."""
        rate_hz = self.settings.features.rate_hz
        end_s = chunk.start_s + len(chunk.samples) / rate_hz
        part = chunk if self.in_blocks else spoken(chunk, rate_hz)
        if is_silent(part.samples, rate_hz):
            return HeardChunk(end_s=end_s)
        frames, log_probs = self._encoded(part.samples, hearing)
        return heard_chunk(
            log_probs,
            frames,
            loud_levels(part.samples, rate_hz),
            start_s=part.start_s,
            length_s=len(part.samples) / rate_hz,
            end_s=end_s,
        )

    def _encoded(self, samples: Samples, hearing: BlockHearing | None) -> tuple[Tensor, Tensor]:
        """Return the standardised frames of (N,) samples, and their log probabilities."""
        if not self.in_blocks:
            frames = self.frames(samples)
            return frames, self.log_probs(frames)
        hearing = hearing or BlockHearing(self.model)
        hearing.add(samples[len(hearing) :])
        return hearing.so_far()

    def _search(self, heard: HeardChunk) -> ChunkResult:
        """Find the words of a chunk."""
        if not heard.labels:
            return ChunkResult()
        log_probs = heard.log_probs()
        hypotheses = self.decoder.search(log_probs)
        texts = [self.alphabet.decode(one.labels) for one in hypotheses]
        labels = hypotheses[0].labels
        letters = [  # a unit of several letters is all of them at once
            one
            for one, label in zip(align(log_probs, labels), labels, strict=True)
            for _ in self.alphabet.decode([label])
        ]
        aligned = words_of(texts[0], letters, self.seconds)
        doubt = sum(1 - word.confidence for word in aligned if word.confidence is not None)
        scores = [one.score for one in hypotheses]
        if self.decoder.has_words:
            aligned = rated(aligned, texts, scores, self.settings.confidence)
        aligned = with_alternatives(aligned, texts, scores)
        words = widen(aligned, heard.loud_levels(), LEVEL_S, heard.length_s)
        best, *others = (" ".join(text.split()) for text in texts[: ALTERNATIVES + 1])
        return ChunkResult(
            words=tuple(_shifted(word, heard.start_s) for word in words),
            attached=attached_of(texts[0]),
            alternatives=tuple(dict.fromkeys(other for other in others if other != best)),
            doubt=doubt,
        )

    def posteriors(
        self,
        path: Path | AudioSource,
        on_progress: Callable[[float], None] = lambda seconds: None,
    ) -> Posteriors:
        """Run the encoder over a recording.

        Parameters
        ----------
        path : the recording
        on_progress : as in `heard`

        Raises
        ------
        DataError
            If the recording cannot be read.
        """
        mixdown = mixdown_of(path)
        found = []
        for chunk in chunks(path, self.settings.features.rate_hz, mixdown, self._measure):
            found.append(self._hear(chunk))
            on_progress(found[-1].end_s)
        return Posteriors(
            duration_s=audio_info(path).duration_s,
            remark=mixdown.remark if mixdown else "",
            chunks=tuple(found),
        )

    def frames(self, samples: Samples) -> Tensor:
        """Return the (T, mels) standardised frames of (N,) samples."""
        frames = log_mel(torch.from_numpy(samples), self.settings.features)
        return standardise(frames, self.model.preparation.buffers)

    @torch.inference_mode()
    def log_probs(self, frames: Tensor) -> Tensor:
        """Return the (T', V) log probabilities of standardised frames, on the CPU."""
        if self._int8:
            return self._int8.log_probs(frames)
        module, device = self.model.module, self.model.device
        encoded = module.encode(frames[None].to(device), torch.tensor([len(frames)], device=device))
        found: Tensor = module.head("ctc")(encoded)[0].cpu()
        return found

    def _unlike_training(self, chunks: list[HeardChunk], doubt: float) -> bool | None:
        """Return whether a recording differs more than nearly all training data; None: unknown.

        Other sounds than speech, and speech in other languages, are written with doubt; another
        microphone or room shifts whole bands. Both count together.
        """
        count = sum(chunk.frames for chunk in chunks)
        settings = self.settings
        if not count or not settings.usual_offset:
            return None
        total = torch.stack([chunk.sums() for chunk in chunks if chunk.frames]).sum(0)
        shift = offset(total, count)
        if not settings.usual_doubt:  # not measured yet
            return shift > settings.usual_offset
        usual = settings.usual_doubt + OFFSET_WEIGHT * settings.usual_offset
        return doubt + OFFSET_WEIGHT * shift > usual + UNLIKE_MARGIN

    def seconds(self, start_frame: int, end_frame: int) -> tuple[float, float]:
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
