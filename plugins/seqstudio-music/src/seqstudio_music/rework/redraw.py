"""Drawing free steps of a piece anew, so that they fit all that stays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from seqstudio.api import Job, LoadedModel, SamplingConfig, TakeSeed
from seqstudio_music.hard_request import HardRequest
from seqstudio_music.rework.arrangement import Arrangement
from seqstudio_music.voices.hard.requests import rules_of
from seqstudio_music.voices.hard.rules import Locked, Rule
from seqstudio_music.voices.hard.space import Allowed
from seqstudio_music.voices.sampling import Drawing, SamplingPlan
from seqstudio_music.voices.settings import voice_settings
from seqstudio_music.voices.steering import steer_voices
from seqstudio_music.voices.tokens import NONE, Held, Values

CONTEXT_BARS = 2  # after the last free step that a take is measured by


@dataclass(frozen=True)
class Frame:
    """What stays of a piece, and which steps of which voices are free."""

    arrangement: Arrangement
    values: Values  # (T, S), of what stays
    held: Held
    free: Allowed  # (T, S)
    key: int
    rules: tuple[Rule, ...] = ()  # further ones
    hard: HardRequest = field(default_factory=HardRequest)
    voice_leading: bool = True

    @property
    def first(self) -> int:
        """The first step that is free in any voice."""
        return int(self.free.any(axis=1).argmax())

    @property
    def stop(self) -> int:
        """The step after the bars that follow the last free one and are listened to."""
        grid = self.arrangement.grid
        last = int(np.flatnonzero(self.free.any(axis=1))[-1])
        bar = min(int(grid.bar_of[last]) + CONTEXT_BARS, len(grid.bars) - 1)
        return int(grid.bar_slices[bar].stop)

    def rules_in(self, key: int) -> list[Rule]:
        """Return the rules of a take: what stays is locked, and what is asked for."""
        grid, layout = self.arrangement.grid, self.arrangement.layout
        locked = Locked(~self.free, self.values, self.held)
        asked = rules_of(self.hard, layout, grid, self.first, key)
        return [locked, *self.rules, *asked]


@dataclass(frozen=True)
class Redrawn:
    """One take: the values of the whole piece, and of each constraint whether it holds."""

    values: Values
    held: Held
    certificate: dict[str, bool]


def redraw(
    job: Job,
    model: LoadedModel,
    frame: Frame,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] | None = None,
) -> list[Redrawn]:
    """Draw the free steps of a piece once for each take.

    Raises
    ------
    ConfigError
        If nothing meets all constraints: those that clash are named.
    """
    arrangement, layout = frame.arrangement, frame.arrangement.layout
    prompt = layout.encode(frame.values, frame.held)[: frame.first]
    sounding = (frame.values[: frame.first] != NONE).any(axis=1)
    plan = SamplingPlan(
        arrangement.grid,
        prompt,
        skipped=int(sounding.argmax()) if sounding.any() else frame.first,
        silent=silent_voices(frame),
        voice_leading=frame.voice_leading,
        rules=frame.rules_in,
    )
    drawing = Drawing(voice_settings(model.settings), plan, [frame.key] * len(takes))
    report = on_progress or job.progress
    found = []
    for number, members in enumerate(
        steer_voices(job, model, drawing, takes, config, report, stop=frame.stop)
    ):
        rest = layout.encode(frame.values, frame.held)[len(members[0]) :]
        tokens = np.concatenate([members[0], rest])
        values, held = layout.decode(tokens)
        found.append(Redrawn(values, held, drawing.certificate(number, tokens)))
    return found


def silent_voices(frame: Frame) -> tuple[int, ...]:
    """Return the voices that the piece does not have and that are not asked for."""
    absent = ~frame.free.any(axis=0) & (frame.values == NONE).all(axis=0)
    return tuple(np.flatnonzero(absent).tolist())
