"""The key of a piece, from how long each of the twelve pitch classes sounds."""

from collections.abc import Iterable, Iterator

import numpy as np

from seqstudio.api import DataError, Job, Note, Operation, Request, Result, Table, hookimpl
from seqstudio.api.media import Score

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
PROFILES = {  # how well each pitch class fits C: Krumhansl 1990, "Cognitive foundations"
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


def fits(notes: Iterable[Note]) -> Iterator[tuple[str, float]]:
    """Yield every key, with the correlation between its profile and what sounds."""
    sounding = np.zeros(12)
    for note in notes:
        sounding[note.pitch % 12] += note.length_ticks
    for mode, profile in PROFILES.items():
        for tonic, name in enumerate(NAMES):
            fit = np.corrcoef(sounding, np.roll(profile, tonic))[0, 1]
            yield f"{name} {mode}", round(float(fit), 3)


class Find:
    """The operation `seqstudio key find`: one piece in, one table out."""

    name = "find"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the keys of a piece, the most likely first."""
        path = request.file("piece")
        notes = [n for n in Score.read(path).notes if n.channel != 9 or request.options["drums"]]
        if len({note.pitch % 12 for note in notes}) < 3:
            raise DataError(f"{path}: fewer than 3 different pitches, expected more to tell a key")
        rows = sorted(fits(notes), key=lambda row: -row[1])
        yield Result(outputs={"keys": Table(("key", "fit"), tuple(rows))}, summary=rows[0][0])


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations of this plugin."""
    return [Find()]
