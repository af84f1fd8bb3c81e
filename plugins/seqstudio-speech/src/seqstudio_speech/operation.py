"""The operation `transcribe`: one recording in, one transcript out."""

from collections.abc import Iterator

from seqstudio.api import Job, Request, Result
from seqstudio.api.media import audio_info
from seqstudio_speech.recognise import Recogniser


class Transcribe:
    """Transcribes a recording of any length: words with times and confidence."""

    name = "transcribe"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the transcript of the one recording of `request`.

        Raises
        ------
        DataError
            If the recording cannot be read.
        """
        (path,) = request.inputs["audio"]
        duration_s = audio_info(path).duration_s
        job.check()
        recogniser = Recogniser(job.model(), request.options.get("beam"))
        transcript = recogniser.transcribe(
            path, lambda seconds: job.progress(min(1.0, seconds / duration_s))
        )
        count = sum(len(segment.words) for segment in transcript.segments)
        yield Result(
            outputs={"transcript": transcript},
            summary=f"{count} word{'' if count == 1 else 's'} in {duration_s:.1f} s",
            details={"beam": recogniser.beam, "words": count, "duration_s": round(duration_s, 3)},
        )
