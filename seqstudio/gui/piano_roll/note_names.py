"""What is said of notes, in words: names of keys and drums, where a note is and how long."""

from collections.abc import Sequence
from fractions import Fraction

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.snap_grid import Bars

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
BLACK = frozenset((1, 3, 6, 8, 10))
DRUM_CHANNEL = 9
FIRST_DRUM = 35
FINEST_FRACTION = 48  # a triplet of thirty-seconds
DRUMS = (  # General MIDI 1, percussion key map
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
    """Name a key: 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def drum_name(pitch: int) -> str:
    """Name a drum of General MIDI's kit; other keys by their names."""
    number = pitch - FIRST_DRUM
    return DRUMS[number] if 0 <= number < len(DRUMS) else key_name(pitch)


def sound_name(pitch: int, channel: int) -> str:
    """Name what a note sounds."""
    return drum_name(pitch) if channel == DRUM_CHANNEL else key_name(pitch)


def place_name(tick: int, bars: Bars) -> str:
    """Say where a tick is: its bar, and the beat of that, both from 1."""
    bar, _ = bars.at(tick)
    return f"bar {bar.bar} beat {_number(bars.beat(tick))}"


def length_name(ticks: int, ticks_per_beat: int) -> str:
    """Say how long a note is: as a fraction of a whole note, or else in quarters."""
    whole = Fraction(ticks, 4 * ticks_per_beat)
    if whole.denominator <= FINEST_FRACTION:
        return f"length {whole}"
    return f"length {_number(whole * 4)} quarters"


def notes_described(notes: Sequence[Note], total: int, bars: Bars, ticks_per_beat: int) -> str:
    """Describe what is chosen in one line, for the eye and for a screen reader."""
    if not notes:
        return f"Nothing chosen, {_count(total)}"
    if len(notes) > 1:
        return f"{len(notes):,} of {_count(total)} chosen"
    note = notes[0]
    return ", ".join(
        (
            sound_name(note.pitch, note.channel),
            place_name(note.onset_ticks, bars),
            length_name(note.length_ticks, ticks_per_beat),
            f"velocity {note.velocity}",
        )
    )


def _count(total: int) -> str:
    return f"{total:,} note{'' if total == 1 else 's'}"


def _number(value: Fraction) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".")
