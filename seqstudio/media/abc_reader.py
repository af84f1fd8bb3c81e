"""Reading ABC: one tune with its voices, chord symbols, repeats and endings [1]_.

References
----------
.. [1] Walshaw et al. 2011, "The ABC music standard 2.1", abcnotation.com.
"""

import re
from collections import Counter
from fractions import Fraction

from seqstudio.media.chord_symbols import STEPS, chord_of
from seqstudio.media.notation import (
    Measure,
    Notation,
    WrittenChord,
    WrittenNote,
    WrittenPart,
    lay_out,
)

TOKEN = re.compile(
    r"""
    (?P<field>\[[A-Za-z]:[^\]]*\])
  | "(?P<text>[^"]*)"
  | (?P<decoration>![^!\n]*!|\+[^+\n]*\+)
  | \{(?P<grace>[^}]*)\}
  | (?P<bar>(?::*\|[\]|]*:*|:{2,}|\[\|+:*)(?:\s*\[?(?=\d)(?P<ending>[\d,-]+))?)
  | \[(?P<volta>\d[\d,-]*)
  | \[(?P<chord>(?:[_^=]*[A-Ga-gzx][,']*\d*/*\d*-?\s*)+)\]
    (?P<chord_length>\d*/*\d*)(?P<chord_tie>-?)
  | \((?P<tuplet>\d)(?::(?P<within>\d?))?(?::(?P<of>\d?))?
  | (?P<signs>[_^=]*)(?P<letter>[A-Ga-gzxZX])(?P<octave>[,']*)
    (?P<length>\d*/*\d*)(?P<tie>\s*-?)
  | (?P<broken>[<>]+)
    """,
    re.VERBOSE,
)
NOTE = re.compile(r"([_^=]*)([A-Ga-gzx])([,']*)(\d*/*\d*)(-?)")
LENGTH = re.compile(r"(\d*)(/*)(\d*)")
SHARPS = "FCGDAEB"
MODES = {  # -> fifths from the major key on the same tonic
    **{"": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1},
    **{"dor": -2, "phr": -4, "lyd": 1, "loc": -5},
}
WITHIN = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # notes of a tuplet -> notes whose time they take
ALTERATIONS = {"^": 1, "_": -1, "=": 0}
NAMED_METERS = {"C": (4, 4), "C|": (2, 2)}
FIELD = re.compile(r"^([A-Za-z]):\s*(.*)$")
KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
FIRST_VOICE = "1"


def read_abc(content: bytes) -> Notation:
    """Read the first tune of a file.

    Raises
    ------
    DataError
        If it has no note.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    reader = _TuneReader()
    tunes = 0
    for line in text.splitlines():
        line = re.sub(r"(?<!\\)%.*", "", line).strip()
        tunes += line.startswith("X:")
        if tunes == 1:
            reader.read_line(line)
    if tunes > 1:
        reader.left_out["further tunes"] += tunes - 1
    return reader.notation()


class _Voice:
    """One voice: its measures, and what lasts from note to note."""

    def __init__(self, name: str) -> None:
        self.part = WrittenPart(name)
        self.measure = Measure()
        self.now = Fraction(0)
        self.accidentals: dict[tuple[str, int], int] = {}
        self.ties: set[int] = set()
        self.tuplet: tuple[int, Fraction] = (0, Fraction(1))  # notes left, and their factor
        self.broken = Fraction(1)  # factor of the next note
        self.last: list[int] = []  # of the measure's notes, those of the last chord
        self.endings: frozenset[int] = frozenset()

    def end_measure(self) -> None:
        """Begin a measure, unless the present one is empty."""
        if self.now:
            self.measure.length = self.now
            self.part.measures.append(self.measure)
            self.measure = Measure(endings=self.endings)
            self.now = Fraction(0)
        self.accidentals.clear()
        self.last = []


class _TuneReader:
    """Reads a tune line by line."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self._voices: dict[str, _Voice] = {}
        self._voice = self._named_voice(FIRST_VOICE)
        self._unit: Fraction | None = None  # of a note without a length, in whole notes
        self._meter = (4, 4)
        self._key: dict[str, int] = {}
        self._in_body = False

    def notation(self) -> Notation:
        """Return what was read.

        Raises
        ------
        DataError
            If it has no note.
        """
        for voice in self._voices.values():
            voice.end_measure()
        parts = [voice.part for voice in self._voices.values() if voice.part.measures]
        remarks = [f"{what} left out: {count}" for what, count in sorted(self.left_out.items())]
        return lay_out(parts, remarks)

    def read_line(self, line: str) -> None:
        """Read a field or a line of music."""
        field = FIELD.match(line)
        if field:
            self._field(*field.groups())
        elif self._in_body:
            for token in TOKEN.finditer(line):
                self._token(token)

    def _named_voice(self, name: str) -> _Voice:
        if name not in self._voices:
            self._voices[name] = _Voice("" if name == FIRST_VOICE else name)
        return self._voices[name]

    def _field(self, letter: str, text: str) -> None:
        text = text.strip()
        if letter == "M":
            self._set_meter(text)
        elif letter == "L" and (found := re.match(r"(\d+)/(\d+)", text)):
            self._unit = Fraction(int(found[1]), int(found[2]) or 8)
        elif letter == "Q":
            self._set_tempo(text)
        elif letter == "K":
            self._set_key(text)
            self._in_body = True
        elif letter == "V" and text:
            self._voice = self._named_voice(text.split()[0])
        elif letter == "T" and not self._voice.part.name:
            self._voice.part.name = text

    def _set_meter(self, text: str) -> None:
        found = re.match(r"\(?(\d+(?:\+\d+)*)\)?/(\d+)", text)
        meter = NAMED_METERS.get(text)
        if found:
            meter = (sum(map(int, found[1].split("+"))), int(found[2]))
        if meter and self._voice.measure.set_meter(*meter):
            self._meter = meter

    @property
    def _unit_quarters(self) -> Fraction:
        short = Fraction(*self._meter) < Fraction(3, 4)
        return 4 * (self._unit or Fraction(1, 16 if short else 8))

    def _set_tempo(self, text: str) -> None:
        """Read such as 1/4=120, or 120 units a minute."""
        found = re.search(r"(?:(\d+)/(\d+)\s*=\s*)?(\d+)", text)
        if found:
            beat = Fraction(int(found[1]), int(found[2]) or 4) * 4 if found[1] else Fraction(1)
            self._voice.measure.set_tempo(float(beat * int(found[3])))

    def _set_key(self, text: str) -> None:
        self._key = {}
        found = KEY.match(text)
        if not found:
            return
        tonic, sign, mode = found.groups()
        fifths = SHARPS.index(tonic) - 1 + {"": 0, "#": 7, "b": -7}[sign]
        fifths += MODES.get(mode.lower()[:3], 0)
        if abs(fifths) > 7:
            return
        names = SHARPS[:fifths] if fifths > 0 else SHARPS[::-1][:-fifths]
        self._key = dict.fromkeys(names, 1 if fifths > 0 else -1)
        self._voice.measure.key = (fifths, mode.lower() in ("m", "min", "minor"))

    def _token(self, token: re.Match[str]) -> None:
        if token["field"]:
            self._field(token["field"][1], token["field"][3:-1])
        elif token["text"] is not None:
            self._symbol(token["text"])
        elif token["grace"] is not None:
            self.left_out["grace notes"] += 1
        elif token["bar"]:
            self._bar(token["bar"], token["ending"] or "")
        elif token["volta"]:
            self._begin_ending(token["volta"])
        elif token["tuplet"]:
            count = int(token["tuplet"])
            within = int(token["within"] or WITHIN.get(count, 2 if self._meter[0] % 3 else 3))
            self._voice.tuplet = (int(token["of"] or count), Fraction(within, max(count, 1)))
        elif token["chord"]:
            found = NOTE.findall(token["chord"])
            scale = _length(token["chord_length"])
            tie = bool(token["chord_tie"])
            self._play([(*n[:3], _length(n[3]) * scale, tie or bool(n[4])) for n in found])
        elif token["letter"]:
            self._single(token)
        elif token["broken"]:
            self._break(token["broken"])

    def _symbol(self, text: str) -> None:
        if text[:1] not in "^_<>@" and (pitches := chord_of(text)) is not None:
            self._voice.measure.chords.append(WrittenChord(self._voice.now, pitches))

    def _single(self, note: re.Match[str]) -> None:
        length = note["length"]
        if note["letter"] in "ZX":  # rests of whole bars
            bars = int(re.sub(r"\D.*", "", length) or 1)
            for _ in range(min(bars, 1000)):
                self._voice.now += Fraction(4 * self._meter[0], self._meter[1])
                self._voice.end_measure()
            return
        pitch = note["signs"], note["letter"], note["octave"]
        self._play([(*pitch, _length(length), "-" in note["tie"])])

    def _play(self, notes: list[tuple[str, str, str, Fraction, bool]]) -> None:
        """Add notes that begin together; the first one's length moves the time."""
        voice = self._voice
        left, factor = voice.tuplet
        scale = self._unit_quarters * voice.broken * (factor if left else 1)
        voice.tuplet = (left - 1, factor) if left > 1 else (0, Fraction(1))
        voice.broken = Fraction(1)
        voice.last, ties = [], set()
        for signs, letter, octave, length, tie in notes:
            if letter in "zx":
                continue
            pitch = self._pitch(signs, letter, octave)
            if 0 <= pitch <= 127 and length > 0:
                voice.last.append(len(voice.measure.notes))
                tied = pitch in voice.ties
                voice.measure.notes.append(WrittenNote(voice.now, length * scale, pitch, tied))
                if tie:
                    ties.add(pitch)
        voice.ties = ties
        voice.now += notes[0][3] * scale

    def _pitch(self, signs: str, letter: str, octave: str) -> int:
        octaves = 5 + letter.islower() + octave.count("'") - octave.count(",")
        name = letter.upper()
        if signs:
            self._voice.accidentals[name, octaves] = sum(ALTERATIONS[sign] for sign in signs)
        alter = self._voice.accidentals.get((name, octaves), self._key.get(name, 0))
        return 12 * octaves + STEPS[name] + alter

    def _break(self, signs: str) -> None:
        """Lengthen the last note and shorten the next, or the other way round."""
        voice = self._voice
        part = Fraction(1, 2 ** len(signs))
        first, voice.broken = (2 - part, part) if signs[0] == ">" else (part, 2 - part)
        if voice.last:
            old = voice.measure.notes[voice.last[0]].length
            for index in voice.last:
                note = voice.measure.notes[index]
                voice.measure.notes[index] = note._replace(length=note.length * first)
            voice.now += old * (first - 1)

    def _bar(self, bar: str, ending: str) -> None:
        voice = self._voice
        last = voice.part.measures[-1] if not voice.now and voice.part.measures else voice.measure
        if bar.startswith(":"):
            last.backward = 1 + len(bar) - len(bar.lstrip(":")) if "|" in bar else 2
        final = ":" in bar or "||" in bar or "]" in bar
        if final:
            voice.endings = frozenset()
        voice.end_measure()
        if final:
            voice.measure.endings = frozenset()
        if bar.endswith(":"):
            voice.measure.forward = True
        if ending:
            self._begin_ending(ending)

    def _begin_ending(self, numbers: str) -> None:
        found: set[int] = set()
        for part in numbers.strip(",").split(","):
            first, _, last = part.partition("-")
            if first.isdigit():
                found |= set(range(int(first), int(last if last.isdigit() else first) + 1))
        self._voice.endings = self._voice.measure.endings = frozenset(found)


def _length(text: str) -> Fraction:
    """Return the length of a note, in units: 3/2, /, //, /4.

    >>> [str(_length(text)) for text in ("", "3", "3/2", "/", "//", "/4")]
    ['1', '3', '3/2', '1/2', '1/4', '1/4']
    """
    found = LENGTH.match(text)
    top, slashes, bottom = found.groups() if found else ("", "", "")
    divisor = int(bottom) if bottom else 2 ** len(slashes)
    return Fraction(int(top or 1), divisor or 1)
