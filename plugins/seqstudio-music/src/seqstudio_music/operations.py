"""The operations `generate`, which composes a new piece, and `continue`, which adds bars to one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seqstudio.api import ConfigError, Job, Request, Result, SamplingConfig
from seqstudio.api.media import Score, restore_controllers
from seqstudio_music.composer import Composer, PieceSpec, composer_for
from seqstudio_music.primers import read_primer


class Generate:
    """Composes new pieces."""

    name = "generate"

    def __init__(self, composers: Sequence[Composer]) -> None:
        self.composers = composers

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        ConfigError
            If the meter or the key cannot be read, or a key is requested of a model without keys.
        """
        options, model = request.options, job.model()
        spec = PieceSpec(
            bars=int(options["bars"]),
            meter=read_meter(options["meter"]),
            key=options["key"],
            tempo_bpm=options["tempo"],
        )
        composer = composer_for(model, self.composers)
        pieces = composer.generate(job, model, spec, request.takes, sampling_config(options))
        for take, piece in zip(request.takes, pieces, strict=True):
            details = "".join(f", {name} {value}" for name, value in piece.details.items())
            yield Result(
                outputs={"score": piece.score},
                take=take.number,
                summary=f"{bar_count(spec.bars)} of {options['meter']} by {model.name}{details}",
                details={"model": model.name, "bars": spec.bars, **piece.details},
            )


class Continue:
    """Adds bars to a primer, whose own events keep every byte.

    The bar in which the primer stops is completed first; then the requested bars follow in the
    primer's last meter.
    """

    name = "continue"

    def __init__(self, composers: Sequence[Composer]) -> None:
        self.composers = composers

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score for each take.

        Raises
        ------
        DataError
            If the primer cannot be read, has no notes, or has other parts than the chosen model
            continues.
        """
        path, bars = request.inputs["primer"][0], request.options["bars"]
        primer = read_primer(path, repair=request.options["repair"])
        model = job.model(self._suited_model(primer.score))
        if primer.faults:
            job.log(f"{path}: {primer.fault_summary}")
        composer, config = composer_for(model, self.composers), sampling_config(request.options)
        scores = composer.continue_primer(job, model, primer, bars, request.takes, config)
        for take, score in zip(request.takes, scores, strict=True):
            faults = f", {primer.fault_summary}" if primer.faults else ""
            yield Result(
                outputs={"score": restore_controllers(primer.score, score)},
                take=take.number,
                summary=f"{bar_count(bars)} added to {path.name} by {model.name}{faults}",
                details={
                    "model": model.name,
                    "bars": bars,
                    "faults": list(primer.faults),
                    "repaired": primer.repaired,
                },
            )

    def _suited_model(self, score: Score) -> str:
        names = (composer.suited_model(score) for composer in self.composers)
        return next((name for name in names if name), "")


def bar_count(bars: int) -> str:
    """Return a number of bars in words.

    >>> bar_count(1), bar_count(8)
    ('1 bar', '8 bars')
    """
    return f"{bars} bar" if bars == 1 else f"{bars} bars"


def sampling_config(options: Mapping[str, Any]) -> SamplingConfig:
    """Return the sampling settings among an operation's options."""
    return SamplingConfig(
        temperature=options["temperature"],
        top_k=options["top_k"],
        top_p=options["top_p"],
        min_p=options["min_p"],
    )


def read_meter(text: str) -> tuple[int, int]:
    """Parse a meter such as 6/8.

    Raises
    ------
    ConfigError
        If it is not a meter that a MIDI file can hold.

    >>> read_meter("7/8")
    (7, 8)
    """
    beats, slash, unit = text.partition("/")
    known = slash and beats.isdigit() and unit in ("1", "2", "4", "8", "16", "32", "64")
    if not known or not 1 <= int(beats) <= 32:
        raise ConfigError(f"meter={text!r}, expected one such as 4/4 or 7/8")
    return int(beats), int(unit)
