"""The operation `originality`: how much of a piece stands in a training set."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from seqstudio.api import DataError, Job, Ledger, Request, Result, canonical_split
from seqstudio.api.media import Score
from seqstudio_music.measure.originality import COPY_NOTES, Match, MatchIndex, Melody, melodies
from seqstudio_music.measure.pieces import chorale_scores
from seqstudio_music.midi_folders import midi_files


class Originality:
    """Finds the longest match of pieces with a training set."""

    name = "originality"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one result: a line for each piece as its summary.

        Raises
        ------
        DataError
            If no piece can be read, or the training set has none.
        """
        paths, ledger = request.inputs["pieces"], Ledger()
        known = list(training_melodies(Path(request.options["training"]), request.options["split"]))
        index = MatchIndex(known)
        job.progress(0.5)
        found: dict[str, Match] = {}
        for path in paths:
            try:
                found[str(path)] = index.longest(melodies(Score.read(path), path.name))
            except DataError as error:
                ledger.refuse(str(path), str(error).removeprefix(f"{path}: "))
        if not found:
            raise DataError(f"0 of {len(paths)} pieces read, expected at least 1")
        lines = [f"{Path(path).name}: {match_text(match)}" for path, match in found.items()]
        lines += [f"{path}: {reason}" for path, reason in ledger.refused.items()]
        yield Result(
            outputs={},
            summary="\n".join(["longest matches", *lines]),
            details={
                "pieces": {path: asdict(match) for path, match in found.items()},
                "refused": dict(ledger.refused),
                "training_parts": len(known),
            },
        )


def training_melodies(source: Path, split: str) -> Iterator[Melody]:
    """Yield the melodies of one part of a data set: MIDI, or chorales in JSON.

    Files that cannot be read are left out, as in training.

    Raises
    ------
    DataError
        If it has none.
    """
    wanted, some = ("", canonical_split(split)), False
    for name, score in scores_in(source, wanted):
        some = True
        yield from melodies(score, name)
    if not some:
        raise DataError(f"{source}: no pieces of split {split!r}, expected some")


def scores_in(source: Path, wanted: tuple[str, str]) -> Iterator[tuple[str, Score]]:
    """Yield the pieces of some splits of a data set, by name; what cannot be read is left out."""
    if source.suffix == ".json":
        yield from chorale_scores(source, wanted)
        return
    for file in midi_files(source, Ledger()):
        if file.split in wanted:
            try:
                yield file.name, Score.read(file.path)
            except DataError:
                continue


def match_text(match: Match) -> str:
    """Say what the longest match is.

    >>> match_text(Match(14, 3, "tune.mid", 9, 0.25))
    '14 notes from bar 3, as tune.mid from bar 9; 25 % of its notes in matches of 12 or more'
    """
    if not match.notes:
        return match.place
    copied = f"{100 * match.copied:.0f} % of its notes"
    return f"{match.place}; {copied} in matches of {COPY_NOTES} or more"
