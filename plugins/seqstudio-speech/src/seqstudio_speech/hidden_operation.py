"""The operation `hidden`: a picture of a model's hidden units while it hears a recording."""

from collections.abc import Iterator

import torch

from seqstudio.api import DataError, Job, Request, Result, Transcript
from seqstudio.api.media import audio_info
from seqstudio.api.pictures import draw_hidden_units
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.recordings import read_mono

LONGEST_S = 60.0


class Hidden:
    """Draws the units of the encoder's last layer over the words of a recording."""

    name = "hidden"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one picture.

        Raises
        ------
        DataError
            If the recording cannot be read, or is too long for a picture.
        """
        path = request.file("audio")
        if (seconds := audio_info(path).duration_s) > LONGEST_S:
            raise DataError(f"{path}: {seconds:.0f} s, expected at most {LONGEST_S:.0f} s to draw")
        recogniser = Recogniser(job.model())
        module, device = recogniser.model.module, recogniser.model.device
        frames = recogniser.frames(read_mono(path, recogniser.settings.features.rate_hz))
        with torch.inference_mode():
            encoded = module.encode(frames[None].to(device), torch.tensor([len(frames)]))
        units = encoded.output[0].float().cpu().numpy()
        marks = word_marks(recogniser.transcribe(path), len(units), seconds)
        summary = f"hidden units of {recogniser.model.name}, {path.name}, by word"
        picture = job.folder / "hidden.png"
        drawn = draw_hidden_units(
            units, picture, count=request.options["units"], marks=marks, title=summary
        )
        yield Result(
            outputs={"picture": picture},
            summary=f"{len(drawn)} of {units.shape[1]} {summary}",
            details={"model": recogniser.model.name, "units": list(drawn)},
        )


def word_marks(transcript: Transcript, columns: int, seconds: float) -> list[tuple[int, str]]:
    """Return the column in which each word begins, and the word."""
    words = (word for segment in transcript.segments for word in segment.words)
    return [(min(int(word.start_s / seconds * columns), columns - 1), word.word) for word in words]
