"""Meters and tempos as they are written above the bars, found fast however many there are."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from seqstudio.media.timing import Timeline


@dataclass(frozen=True, slots=True)
class Signs:
    """Where something changes, and what is written there."""

    ticks: tuple[int, ...]  # ascending, the first 0
    texts: tuple[str, ...]
    in_force: tuple[str, ...]  # meter and tempo from there on

    @classmethod
    def of(cls, timeline: Timeline) -> "Signs":
        """Write the signs of a score."""
        meters = {meter.tick: f"{meter.beats}/{meter.unit}" for meter in timeline.meters}
        tempos = {tempo.tick: f"♩ = {tempo.bpm:.0f}" for tempo in timeline.tempos}
        ticks = tuple(sorted(meters.keys() | tempos.keys()))
        texts, in_force, meter, tempo = [], [], "", ""
        for tick in ticks:
            meter, tempo = meters.get(tick, meter), tempos.get(tick, tempo)
            here = (text for text in (meters.get(tick), tempos.get(tick)) if text)
            texts.append("  ".join(here))
            in_force.append(f"{meter}  {tempo}")
        return cls(ticks, tuple(texts), tuple(in_force))

    def seen(self, start: float, stop: float, least: float) -> Iterator[tuple[float, str]]:
        """Give what is in force at the start, then the changes, none nearer than `least` ticks."""
        at = bisect_right(self.ticks, start) - 1
        yield max(start, 0), self.in_force[max(at, 0)]
        at = bisect_left(self.ticks, start + least)
        while at < len(self.ticks) and self.ticks[at] < stop:
            yield self.ticks[at], self.texts[at]
            at = bisect_left(self.ticks, self.ticks[at] + least, at + 1)
