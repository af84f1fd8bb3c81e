"""The operation `command`: recordings and a list of phrases in, what was commanded out."""

from collections.abc import Iterator

from seqstudio.api import Job, Request, Result, Segment, Transcript
from seqstudio.api.media import audio_info
from seqstudio_speech.commanding import Commands
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.operation import phrases_of
from seqstudio_speech.posteriors import Posteriors
from seqstudio_speech.recognise import Recogniser


class Command:
    """Maps each piece of speech to one of the user's phrases, or to none."""

    name = "command"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the phrases that were said in the recording, with their times.

        Raises
        ------
        DataError
            If the recording cannot be read, or a phrase has letters that the model does not know.
        ConfigError
            If there is no phrase.
        """
        (path,) = request.inputs["audio"]
        recogniser = Recogniser(job.model(), SearchOptions(no_words=True))
        commands = Commands(recogniser.alphabet, phrases_of(request.options))
        least, duration_s = request.options["least"], audio_info(path).duration_s
        posteriors = recogniser.posteriors(
            path, lambda seconds: job.progress(min(1.0, seconds / duration_s))
        )
        segments, rejected = [], 0
        for segment in heard_commands(commands, posteriors):
            if segment.confidence is not None and segment.confidence >= least:
                segments.append(segment)
            else:
                rejected += 1
        transcript = Transcript(
            audio=path.name,
            duration_s=round(duration_s, 3),
            text="\n".join(segment.text for segment in segments),
            segments=tuple(segments),
            provenance={"model": recogniser.model.name, "least": least},
        )
        said = ", ".join(segment.text for segment in segments) or "none of the phrases"
        yield Result(
            outputs={"commands": transcript},
            summary=f"{said}; rejected: {rejected}",
            details={"commands": [segment.text for segment in segments], "rejected": rejected},
        )


def heard_commands(commands: Commands, posteriors: Posteriors) -> Iterator[Segment]:
    """Yield the best phrase of each piece of speech, with its fit as confidence."""
    for chunk in posteriors.chunks:
        if not chunk.labels:
            continue
        match = commands.best(chunk.log_probs())
        yield Segment(
            start_s=round(chunk.start_s, 3),
            end_s=round(chunk.start_s + chunk.length_s, 3),
            text=match.phrase,
            confidence=round(match.fit, 4),
        )
