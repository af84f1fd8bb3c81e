"""The operation `align`: a recording and its text in, the text with the time of every word out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from seqstudio.api import DataError, Formatted, Job, Request, Result, Segment, Transcript, Word
from seqstudio.api.media import AudioSource, audio_info
from seqstudio_speech.aligning.forced import align_lines
from seqstudio_speech.aligning.texts import SUBTITLES, GivenText, read_given_text
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.words import mean_confidence

DOUBTFUL = 0.3  # a line whose words are less likely than this fits what was said badly
SHOWN = 5  # doubtful lines that the summary names


class Align:
    """Places a known text in a recording of any length, and keeps its wording."""

    name = "align"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the transcript: a segment for each line or cue of the text, with timed words.

        Raises
        ------
        DataError
            If the recording or the text cannot be read, or the text is too long for the recording.
        """
        ((path,), (text,)) = request.inputs["audio"], request.inputs["text"]
        audio = AudioSource(path, request.options.get("track", 1))
        given = read_given_text(text)
        duration_s = audio_info(audio).duration_s
        recogniser = Recogniser(job.model(), SearchOptions(no_words=True))
        posteriors = recogniser.posteriors(
            audio, lambda seconds: job.progress(0.8 * min(1.0, seconds / duration_s))
        )
        try:
            words = align_lines(recogniser, posteriors, given.lines)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        segments = _segments(given.lines, words)
        transcript = Transcript(
            audio=path.name,
            duration_s=round(duration_s, 3),
            text="\n".join(given.lines),
            language=recogniser.settings.language or None,
            origin="aligned",
            notes=_notes(segments),
            segments=segments,
            provenance={"model": recogniser.model.name, "model_sha256": recogniser.model.sha256},
        )
        count = sum(map(len, words))
        summary = f"{count} words in {len(segments)} lines placed in {duration_s:.1f} s"
        yield Result(
            outputs={"transcript": _in_its_format(transcript, given, text)},
            summary="; ".join((summary, *transcript.notes)),
            details={"words": count, "lines": len(segments), "notes": list(transcript.notes)},
        )


def _segments(lines: Sequence[str], words: Sequence[tuple[Word, ...]]) -> tuple[Segment, ...]:
    """Return a segment for each line; one without words is where the line before it ends."""
    found, at_s = [], 0.0
    for line, own in zip(lines, words, strict=True):
        start_s, at_s = (own[0].start_s, own[-1].end_s) if own else (at_s, at_s)
        found.append(
            Segment(
                start_s=start_s,
                end_s=at_s,
                text=line,
                confidence=mean_confidence(own),
                origin="aligned",
                words=own,
            )
        )
    return tuple(found)


def _notes(segments: Sequence[Segment]) -> tuple[str, ...]:
    """Say which lines fit badly, and how many words were placed by what is around them."""
    notes = []
    doubtful = [
        str(number)
        for number, one in enumerate(segments, start=1)
        if one.confidence is not None and one.confidence < DOUBTFUL
    ]
    if doubtful:
        more = ", ..." if len(doubtful) > SHOWN else ""
        which = ", ".join(doubtful[:SHOWN]) + more
        notes.append(f"lines that fit what was said badly: {len(doubtful)} (number {which})")
    unknown = sum(word.confidence is None for one in segments for word in one.words)
    if unknown:
        notes.append(
            f"words without a letter that the model knows: {unknown}, whose times are rough"
        )
    return tuple(notes)


def _in_its_format(transcript: Transcript, given: GivenText, path: Path) -> Transcript | Formatted:
    """Return a transcript; in the format of the subtitles that it came from, only re-timed."""
    suffix = path.suffix.lower()
    if suffix not in SUBTITLES:
        return transcript
    spans_s = [(one.start_s, one.end_s) for one in transcript.segments]
    return Formatted({suffix[1:]: given.retimed(spans_s)}, otherwise=transcript)
