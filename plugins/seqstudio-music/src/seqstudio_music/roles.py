"""What parts are to each other: four voices, or a melody and its chords."""

from collections.abc import Sequence

from seqstudio_music.parts import Part

CHORD_SIZE = 2.0  # mean notes per onset from which a part is one of chords


def is_chorale(parts: Sequence[Part]) -> bool:
    """Return whether there are four parts, each of one voice apart from a few overlaps."""
    return len(parts) == 4 and all(part.overlaps <= len(part.notes) / 10 for part in parts)


def by_pitch(parts: Sequence[Part]) -> list[Part]:
    """Return parts from the highest mean pitch to the lowest: soprano, alto, tenor, bass."""
    return sorted(parts, key=lambda part: -part.mean_pitch)


def is_melody(part: Part) -> bool:
    """Return whether a part is of one voice, apart from some notes together or ringing on."""
    return part.notes_per_onset < CHORD_SIZE and part.overlaps <= len(part.notes) / 2


def melody_and_chords(parts: Sequence[Part]) -> tuple[Part, Part | None] | None:
    """Return the melody and the chords, or None if the parts are not a lead sheet.

    There are one or two parts. The melody has mostly one note per onset, and the other part chords.
    """
    if not 1 <= len(parts) <= 2:
        return None
    ordered = sorted(parts, key=lambda part: part.notes_per_onset)
    melody, chords = ordered[0], ordered[1] if len(ordered) == 2 else None
    if not is_melody(melody):
        return None
    if chords is not None and chords.notes_per_onset < CHORD_SIZE:
        return None
    return melody, chords


def describe_parts(parts: Sequence[Part]) -> str:
    """Return the number of parts, and of notes per onset in each, for an error message."""
    if not parts:
        return "0 parts with notes"
    sizes = ", ".join(f"{part.notes_per_onset:.1f}" for part in parts)
    return f"{len(parts)} parts with {sizes} notes per onset"
