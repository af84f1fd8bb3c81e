"""The operation `hidden`: a picture of a model's hidden units while it reads a piece."""

from collections.abc import Iterator

from seqstudio.api import Job, Request, Result
from seqstudio.api.pictures import draw_heat_map
from seqstudio_music.rework.operations import opened
from seqstudio_music.voices.hidden import hidden_units, liveliest


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
        chosen = liveliest(units, request.options["units"])
        starts = enumerate(whole.grid.bar_slices, start=1)
        marks = [(bar.start - first, f"{number}") for number, bar in starts if bar.start >= first]
        title = (
            f"{len(chosen)} of {units.shape[1]} hidden units of {model.name}, "
            f"{request.file('piece').name}, by bar"
        )
        path = job.folder / "hidden.png"
        names = [f"unit {number}" for number in chosen.tolist()]
        draw_heat_map(units[:, chosen].T, path, rows=names, marks=marks, title=title)
        yield Result(
            outputs={"picture": path},
            summary=title,
            details={"model": model.name, "units": chosen.tolist()},
        )
