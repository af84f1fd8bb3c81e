"""The operation `hidden`: a picture of a model's hidden units while it reads a piece."""

from collections.abc import Iterator

from seqstudio.api import Job, Request, Result
from seqstudio.api.pictures import draw_hidden_units
from seqstudio_music.rework.operations import opened
from seqstudio_music.voices.hidden import hidden_units


class Hidden:
    """Draws the hidden units of the last layer over the sixteenths of a piece."""

    name = "hidden"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one picture.

        Raises
        ------
        DataError
            If the piece cannot be read, does not have the voices of the model, or is too long.
        """
        whole, model = opened(request, job)
        first, units = hidden_units(model, whole.piece)
        starts = enumerate(whole.grid.bar_slices, start=1)
        marks = [(bar.start - first, f"{number}") for number, bar in starts if bar.start >= first]
        summary = f"hidden units of {model.name}, {request.file('piece').name}, by bar"
        path = job.folder / "hidden.png"
        drawn = draw_hidden_units(
            units, path, count=request.options["units"], marks=marks, title=summary
        )
        yield Result(
            outputs={"picture": path},
            summary=f"{len(drawn)} of {units.shape[1]} {summary}",
            details={"model": model.name, "units": list(drawn)},
        )
