"""The metrics of chorales and lead sheets: their names, and what they count.

A metric of one piece is a numerator and a denominator. Both are summed over the pieces of a set
before they are divided, so that long pieces count for more than short ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Sums = Mapping[str, tuple[float, float]]  # metric -> numerator, denominator


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: a share of something, or a rate."""

    name: str
    title: str
    share: bool = True  # printed in percent

    def text(self, value: float) -> str:
        """Return a value as text.

        >>> SHARED[0].text(0.95), CHORALE[0].text(5.6086)
        ('95 %', '5.61')
        """
        return f"{100 * value:.0f} %" if self.share else f"{value:.2f}"


SHARED = (Metric("key_as_asked", "estimated key is the key asked for"),)
CHORALE = (
    Metric("changes_per_bar", "chord changes a bar", share=False),
    Metric("parallel_fifths", "parallel fifths per 100 changes", share=False),
    Metric("parallel_octaves", "parallel octaves per 100 changes", share=False),
    Metric("stepwise", "stepwise motion"),
    Metric("consonant_beats", "consonant beats"),
    Metric("short_notes", "quavers or shorter"),
    Metric("cadence", "closes V-I or plagal in the bass"),
    *SHARED,
)
LEAD_SHEET = (
    Metric("notes_per_bar", "melody notes a bar", share=False),
    Metric("repeated_bars", "bars that repeat an earlier one"),
    Metric("rhythm_of_4_before", "rhythm equal to that of 4 bars before"),
    Metric("repeated_pitches", "repeated pitches"),
    Metric("ends_on_root", "melody ends on the last chord's root"),
    Metric("chord_cover", "time covered by chords"),
    Metric("chord_tones", "chord tones on beats"),
    *SHARED,
)
METRICS = {"chorale": CHORALE, "lead-sheet": LEAD_SHEET}  # by layout
