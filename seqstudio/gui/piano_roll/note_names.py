"""Notes in words: names of keys and drums, position and length."""

from collections.abc import Sequence
from fractions import Fraction

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.snap_grid import Bars

KEY_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
BLACK_KEYS = frozenset((1, 3, 6, 8, 10))
DRUM_CHANNEL = 9
FIRST_DRUM = 35
FINEST_FRACTION = 48  # a triplet of thirty-seconds
DRUM_NAMES = (  # General MIDI 1, percussion key map
    "Bass drum 2", "Bass drum 1", "Side stick", "Snare 1", "Hand clap", "Snare 2", "Low tom 2",
    "Closed hi-hat", "Low tom 1", "Pedal hi-hat", "Mid tom 2", "Open hi-hat", "Mid tom 1",
    "High tom 2", "Crash 1", "High tom 1", "Ride 1", "China cymbal", "Ride bell", "Tambourine",
    "Splash cymbal", "Cowbell", "Crash 2", "Vibraslap", "Ride 2", "High bongo", "Low bongo",
    "Mute high conga", "Open high conga", "Low conga", "High timbale", "Low timbale",
    "High agogo", "Low agogo", "Cabasa", "Maracas", "Short whistle", "Long whistle",
    "Short guiro", "Long guiro", "Claves", "High woodblock", "Low woodblock", "Mute cuica",
    "Open cuica", "Mute triangle", "Open triangle",
)  # fmt: skip


def key_name(pitch: int) -> str:
    """Return the name of a key: 60 is C4."""
    return f"{KEY_NAMES[pitch % 12]}{pitch // 12 - 1}"


def drum_name(pitch: int) -> str:
    """Return the name of a General MIDI drum, or of the key if it has none."""
    number = pitch - FIRST_DRUM
    return DRUM_NAMES[number] if 0 <= number < len(DRUM_NAMES) else key_name(pitch)


def note_name(pitch: int, channel: int) -> str:
    """Return the name of a note's drum or key."""
    return drum_name(pitch) if channel == DRUM_CHANNEL else key_name(pitch)


def position_text(tick: int, bars: Bars) -> str:
    """Return the bar and beat of a tick, both counted from 1."""
    bar, _ = bars.bar_at(tick)
    return f"bar {bar.bar} beat {_number(bars.beat(tick))}"


def length_text(ticks: int, ticks_per_beat: int) -> str:
    """Return a length as a simple fraction of a whole note, or else in quarter notes."""
    whole = Fraction(ticks, 4 * ticks_per_beat)
    if whole.denominator <= FINEST_FRACTION:
        return f"length {whole}"
    return f"length {_number(whole * 4)} quarters"


def selection_text(notes: Sequence[Note], total: int, bars: Bars, ticks_per_beat: int) -> str:
    """Describe the selection in one line, for the status line and screen readers."""
    if not notes:
        return f"No selection, {_count(total)}"
    if len(notes) > 1:
        return f"{len(notes):,} of {_count(total)} selected"
    note = notes[0]
    return ", ".join(
        (
            note_name(note.pitch, note.channel),
            position_text(note.onset_ticks, bars),
            length_text(note.length_ticks, ticks_per_beat),
            f"velocity {note.velocity}",
        )
    )


def _count(total: int) -> str:
    return f"{total:,} note{'' if total == 1 else 's'}"


def _number(value: Fraction) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
