"""Reading MusicXML, also compressed (.mxl): notes, chord symbols, repeats, meters, keys [1]_.

References
----------
.. [1] W3C Music Notation Community Group 2021, "MusicXML 4.0".
"""

import io
import zipfile
import zlib
from collections import Counter
from fractions import Fraction
from xml.etree import ElementTree

from seqstudio.errors import DataError
from seqstudio.media.chord_symbols import QUALITIES, STEPS, spelled
from seqstudio.media.notation import (
    Measure,
    Notation,
    WrittenChord,
    WrittenNote,
    WrittenPart,
    lay_out,
)

MAX_BYTES = 64 << 20  # of XML
CONTAINER = "META-INF/container.xml"
KINDS = {  # of MusicXML -> as chords are written; all others are read as major
    "minor": "m",
    "augmented": "aug",
    "diminished": "dim",
    "dominant": "7",
    "major-seventh": "maj7",
    "minor-seventh": "m7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "aug7",
    "half-diminished": "m7b5",
    "major-minor": "mmaj7",
    "major-sixth": "6",
    "minor-sixth": "m6",
    "dominant-ninth": "9",
    "major-ninth": "maj9",
    "minor-ninth": "m9",
    "dominant-11th": "11",
    "dominant-13th": "13",
    "suspended-second": "sus2",
    "suspended-fourth": "sus4",
    "power": "5",
}
BEATS = {  # in quarter notes
    **{"whole": Fraction(4), "half": Fraction(2), "quarter": Fraction(1)},
    **{"eighth": Fraction(1, 2), "16th": Fraction(1, 4)},
}
JUMPS = ("dacapo", "dalsegno", "tocoda", "fine")


def unpack_mxl(content: bytes) -> bytes:
    """Return the score in a compressed file.

    Raises
    ------
    DataError
        If it is no such file, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            paths = _listed(_read(archive, CONTAINER)) if CONTAINER in names else []
            inner = next((n for n in [*paths, *filter(_is_score, names)] if n in names), "")
            if not inner:
                raise DataError(f"a zip file with {len(names)} files, expected a score in MusicXML")
            return _read(archive, inner)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DataError(f"{error}, expected compressed MusicXML") from error


def _listed(container: bytes) -> list[str]:
    """Return the paths in a container; some programs write one that is no valid XML."""
    try:
        elements = ElementTree.fromstring(container).iter()
    except ElementTree.ParseError:
        return []
    return [element.get("full-path", "") for element in elements]


def _is_score(name: str) -> bool:
    return name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DataError(f"{name}: more than {MAX_BYTES} bytes, expected fewer")
    return content


def read_musicxml(content: bytes) -> Notation:
    """Read a score.

    Raises
    ------
    DataError
        If it is not MusicXML in parts, or has no note.
    """
    if b"<!ENTITY" in content:
        raise DataError("it declares entities, expected MusicXML without them")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise DataError(f"{error}, expected MusicXML") from error
    if root.tag != "score-partwise":
        raise DataError(f"begins with <{root.tag}>, expected MusicXML with <score-partwise>")
    left_out: Counter[str] = Counter()
    listed = {part.get("id"): part for part in root.iterfind("part-list/score-part")}
    parts = [
        _PartReader(listed.get(part.get("id")), left_out).read(part)
        for part in root.iterfind("part")
    ]
    remarks = [f"{what} left out: {count}" for what, count in sorted(left_out.items())]
    return lay_out(parts, remarks)


class _PartReader:
    """Reads one part; what lasts from measure to measure is its state."""

    def __init__(self, listed: ElementTree.Element | None, left_out: Counter[str]) -> None:
        self._left_out = left_out
        self._divisions, self._transposed = Fraction(1), 0
        self._endings: frozenset[int] = frozenset()
        self._now = self._onset = Fraction(0)
        self._measure = Measure()
        self._part = WrittenPart()
        self._unpitched: dict[str, int] = {}
        if listed is not None:
            self._part.name = (listed.findtext("part-name") or "").strip()
            self._part.program = (
                max(_int(listed.findtext("midi-instrument/midi-program"), 1) - 1, 0) % 128
            )
            self._part.drums = listed.findtext("midi-instrument/midi-channel") == "10"
            for one in listed.iterfind("midi-instrument"):
                key = one.findtext("midi-unpitched")
                if key is not None:
                    self._unpitched[one.get("id", "")] = _int(key, 39) - 1

    def read(self, part: ElementTree.Element) -> WrittenPart:
        """Read all measures."""
        readers = {
            "note": self._note,
            "attributes": self._attributes,
            "harmony": self._harmony,
            "direction": self._direction,
            "sound": self._sound,
            "barline": self._barline,
        }
        for written in part.iterfind("measure"):
            self._measure = Measure(endings=self._endings)
            self._now = self._onset = Fraction(0)
            for element in written:
                if element.tag in ("backup", "forward"):
                    step = self._duration(element)
                    self._move(self._now + (step if element.tag == "forward" else -step))
                elif element.tag in readers:
                    readers[element.tag](element)
            self._part.measures.append(self._measure)
        return self._part

    def _move(self, to: Fraction) -> None:
        self._now = max(to, Fraction(0))
        self._measure.length = max(self._measure.length, self._now)

    def _duration(self, element: ElementTree.Element) -> Fraction:
        return max(_fraction(element.findtext("duration")), Fraction(0)) / self._divisions

    def _note(self, note: ElementTree.Element) -> None:
        if note.find("grace") is not None or note.find("cue") is not None:
            self._left_out["grace and cue notes"] += 1
            return
        length = self._duration(note)
        if note.find("chord") is None:
            self._onset = self._now
            self._move(self._now + length)
        pitch = self._pitch(note)
        if pitch is None or not length:
            return
        if not 0 <= pitch <= 127:
            self._left_out["notes outside of MIDI's pitches"] += 1
            return
        tied = any(tie.get("type") == "stop" for tie in note.iterfind("tie"))
        self._measure.notes.append(WrittenNote(self._onset, length, pitch, tied))

    def _pitch(self, note: ElementTree.Element) -> int | None:
        """Return the MIDI pitch of a note; None for a rest."""
        if (pitch := note.find("pitch")) is not None:
            step = STEPS.get((pitch.findtext("step") or "").strip().upper(), 0)
            alter = round(_fraction(pitch.findtext("alter")))
            octave = _int(pitch.findtext("octave"), 4)
            return 12 * (octave + 1) + step + alter + self._transposed
        if note.find("unpitched") is None:
            return None
        self._part.drums = True
        instrument = note.find("instrument")
        return self._unpitched.get(instrument.get("id", "") if instrument is not None else "", 38)

    def _attributes(self, attributes: ElementTree.Element) -> None:
        if (divisions := _fraction(attributes.findtext("divisions"))) > 0:
            self._divisions = divisions
        if (transpose := attributes.find("transpose")) is not None:
            octaves = _int(transpose.findtext("octave-change"), 0)
            self._transposed = _int(transpose.findtext("chromatic"), 0) + 12 * octaves
        if (fifths := attributes.findtext("key/fifths")) is not None and abs(_int(fifths, 0)) <= 7:
            minor = (attributes.findtext("key/mode") or "").strip() == "minor"
            self._measure.key = (_int(fifths, 0), minor)
        beats, unit = attributes.findtext("time/beats"), attributes.findtext("time/beat-type")
        total = sum(_int(part, 0) for part in (beats or "").split("+"))
        self._measure.set_meter(total, _int(unit, 0))

    def _harmony(self, harmony: ElementTree.Element) -> None:
        """Read a chord symbol; degrees are added to its kind or taken from it."""
        kind = (harmony.findtext("kind") or "").strip()
        onset = self._now + _fraction(harmony.findtext("offset")) / self._divisions
        onset = max(onset, Fraction(0))
        if kind == "none":
            self._measure.chords.append(WrittenChord(onset, ()))
            return
        root = self._step(harmony.find("root"), "root")
        if root is None:
            self._left_out["chord symbols without a root"] += 1
            return
        intervals = set(QUALITIES[KINDS.get(kind, "")])
        for degree in harmony.iterfind("degree"):
            self._add_degree(intervals, degree)
        bass = self._step(harmony.find("bass"), "bass")
        pitches = spelled(root, tuple(intervals), root if bass is None else bass)
        self._measure.chords.append(WrittenChord(onset, pitches))

    def _step(self, element: ElementTree.Element | None, name: str) -> int | None:
        step = (
            STEPS.get((element.findtext(f"{name}-step") or "").strip())
            if element is not None
            else None
        )
        if element is None or step is None:
            return None
        alter = round(_fraction(element.findtext(f"{name}-alter")))
        return (step + alter + self._transposed) % 12

    def _add_degree(self, intervals: set[int], degree: ElementTree.Element) -> None:
        value = _int(degree.findtext("degree-value"), 1)
        natural = (0, 2, 4, 5, 7, 9, 10)[(value - 1) % 7] + 12 * ((value - 1) // 7)
        change = (degree.findtext("degree-type") or "add").strip()
        if change in ("alter", "subtract"):
            intervals.difference_update({natural, natural - 1, natural + 1} - {0})
        if change != "subtract":
            intervals.add(natural + round(_fraction(degree.findtext("degree-alter"))))

    def _direction(self, direction: ElementTree.Element) -> None:
        metronome = direction.find("direction-type/metronome")
        if metronome is not None and (beat := BEATS.get(metronome.findtext("beat-unit") or "")):
            dotted = Fraction(3, 2) if metronome.find("beat-unit-dot") is not None else 1
            self._measure.set_tempo(
                float(_fraction(metronome.findtext("per-minute")) * beat * dotted)
            )
        for sound in direction.iterfind("sound"):
            self._sound(sound)

    def _sound(self, sound: ElementTree.Element) -> None:
        if (tempo := sound.get("tempo")) is not None:
            self._measure.set_tempo(float(_fraction(tempo)))
        if any(sound.get(jump) for jump in JUMPS):
            self._left_out["jumps (D.C., D.S., coda, fine)"] += 1

    def _barline(self, barline: ElementTree.Element) -> None:
        if (ending := barline.find("ending")) is not None:
            numbers = (ending.get("number") or "").replace(" ", ",").split(",")
            if ending.get("type") == "start":
                self._endings = frozenset(_int(n.strip(". "), 0) for n in numbers) - {0}
                self._measure.endings = self._endings
            else:
                self._endings = frozenset()
        if (repeat := barline.find("repeat")) is not None:
            if repeat.get("direction") == "forward":
                self._measure.forward = True
            else:
                self._measure.backward = max(_int(repeat.get("times"), 2), 2)


def _int(text: str | None, default: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return default


def _fraction(text: str | None) -> Fraction:
    """Return a number; 0 for what is none."""
    try:
        return Fraction((text or "0").strip())
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
