"""Time signatures and tempos as shown above the bars, found fast however many there are."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from seqstudio.media.tempo_map import TempoMap


@dataclass(frozen=True, slots=True)
class Signatures:
    """Changes of meter and tempo, and the text shown at each."""

    ticks: tuple[int, ...]  # ascending, the first 0
    texts: tuple[str, ...]
    active: tuple[str, ...]  # meter and tempo from each tick on

    @classmethod
    def of(cls, tempo_map: TempoMap) -> "Signatures":
        """Return the signatures of a timeline."""
        meters = {meter.tick: f"{meter.beats}/{meter.unit}" for meter in tempo_map.meters}
        tempos = {tempo.tick: f"♩ = {tempo.bpm:.0f}" for tempo in tempo_map.tempos}
        ticks = tuple(sorted(meters.keys() | tempos.keys()))
        texts, active, meter, tempo = [], [], "", ""
        for tick in ticks:
            meter, tempo = meters.get(tick, meter), tempos.get(tick, tempo)
            here = (text for text in (meters.get(tick), tempos.get(tick)) if text)
            texts.append("  ".join(here))
            active.append(f"{meter}  {tempo}")
        return cls(ticks, tuple(texts), tuple(active))

    def visible(self, start: float, stop: float, least: float) -> Iterator[tuple[float, str]]:
        """Yield the signature active at `start`, then changes at least `least` ticks apart."""
        at = bisect_right(self.ticks, start) - 1
        yield max(start, 0), self.active[max(at, 0)]
        at = bisect_left(self.ticks, start + least)
        while at < len(self.ticks) and self.ticks[at] < stop:
            yield self.ticks[at], self.texts[at]
            at = bisect_left(self.ticks, self.ticks[at] + least, at + 1)
