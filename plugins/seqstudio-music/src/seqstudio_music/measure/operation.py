"""The operation `measure`: metrics of pieces, beside those of other pieces."""

from collections.abc import Iterator
from pathlib import Path

from seqstudio.api import DataError, Job, Ledger, Request, Result
from seqstudio_music.keys import parse_key
from seqstudio_music.measure.pieces import MeasuredPiece, measure_files, measure_source
from seqstudio_music.measure.report import compare


class Measure:
    """Measures chorales and lead sheets."""

    name = "measure"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one result: the table as its summary, the values as its details.

        Raises
        ------
        ConfigError
            If the key cannot be read.
        DataError
            If no piece can be measured, or the pieces to compare with cannot be read.
        """
        options, ledger = request.options, Ledger()
        key = parse_key(options["key"]) if options["key"] else None
        paths, bars = request.inputs["pieces"], options["bars"]
        pieces = list(_watched(measure_files(paths, ledger, key=key, bars=bars), job, len(paths)))
        if not pieces:
            first = "".join(f"; {path}: {reason}" for path, reason in [*ledger.refused.items()][:1])
            raise DataError(f"0 of {len(paths)} pieces measured, expected at least 1{first}")
        others: list[MeasuredPiece] = []
        if options["against"]:
            source = Path(options["against"])
            others += measure_source(source, Ledger(), split=options["split"], bars=bars)
        comparisons = compare(pieces, others)
        lines = [ledger.summary(), *(f"{path}: {why}" for path, why in ledger.refused.items())]
        yield Result(
            outputs={},
            summary="\n".join([*lines, *(one.table() for one in comparisons)]),
            details={
                "refused": dict(ledger.refused),
                **{one.layout: one.to_json() for one in comparisons},
            },
        )


def _watched(pieces: Iterator[MeasuredPiece], job: Job, count: int) -> Iterator[MeasuredPiece]:
    """Report progress; refused files are not counted."""
    for number, piece in enumerate(pieces, start=1):
        job.progress(number / count)
        yield piece
