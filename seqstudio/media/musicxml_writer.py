"""Writing a score as MusicXML 4.0, also compressed (.mxl)."""

import io
import zipfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from seqstudio.contracts.notes import Note
from seqstudio.media.midi import Score
from seqstudio.media.midi_events import DRUM_CHANNEL, PROGRAM

DIVISIONS = 24  # of a quarter note: thirty-seconds and triplets of sixteenths are whole
TYPES = {  # divisions -> type, dots, triplet
    96: ("whole", 0, False),
    72: ("half", 1, False),
    48: ("half", 0, False),
    36: ("quarter", 1, False),
    32: ("half", 0, True),
    24: ("quarter", 0, False),
    18: ("eighth", 1, False),
    16: ("quarter", 0, True),
    12: ("eighth", 0, False),
    9: ("16th", 1, False),
    8: ("eighth", 0, True),
    6: ("16th", 0, False),
    4: ("16th", 0, True),
    3: ("32nd", 0, False),
}
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can hold: the same score, the same bytes
CONTAINER = '<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>'


@dataclass(frozen=True, slots=True)
class _Chord:
    """Notes that begin and end together, in divisions."""

    onset: int
    end: int
    pitches: tuple[int, ...]


class _Ties(NamedTuple):
    """Whether a note continues one before, and is continued by one after."""

    before: bool = False
    after: bool = False


@dataclass(frozen=True, slots=True)
class _Style:
    """How the notes of a voice are written."""

    names: Sequence[str]  # of the 12 pitch classes
    voice: int
    drums: str = ""  # how the names of a drum part's instruments begin


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    program: int
    drums: bool
    voices: list[list[_Chord]]


def to_mxl(score: Score) -> bytes:
    """Return a score as compressed MusicXML."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("META-INF/container.xml", CONTAINER),
            ("score.musicxml", to_musicxml(score)),
        ):
            info = zipfile.ZipInfo(name, DATE)
            archive.writestr(info, text.encode(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def to_musicxml(score: Score) -> str:
    """Return a score as MusicXML: a part for each track and channel, on a grid of 96ths.

    Velocities, controllers and what is finer than the grid are not in it.
    """
    parts = list(_parts(score))
    listed = "".join(_listed(number, part) for number, part in enumerate(parts, start=1))
    body = "".join(
        f'<part id="P{number}">{"".join(_measures(score, number, part))}</part>\n'
        for number, part in enumerate(parts, start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<score-partwise version="4.0">\n'
        f"<part-list>{listed}</part-list>\n{body}</score-partwise>\n"
    )


def _parts(score: Score) -> Iterator[_Part]:
    for track in score.tracks:
        by_channel: dict[int, list[Note]] = defaultdict(list)
        for note in track.notes:
            by_channel[note.channel].append(note)
        for channel, notes in sorted(by_channel.items()):
            programs = [e.data[0] for e in track.events if e.status == PROGRAM | channel]
            voices = _voices(_chords(notes, score.ticks_per_beat))
            drums = channel == DRUM_CHANNEL
            yield _Part(track.name, programs[0] if programs else 0, drums, voices)


def _divisions(tick: int, ticks_per_beat: int) -> int:
    return round(tick * DIVISIONS / ticks_per_beat)


def _chords(notes: Sequence[Note], ticks_per_beat: int) -> list[_Chord]:
    spans: dict[tuple[int, int], set[int]] = defaultdict(set)
    for note in notes:
        onset = _divisions(note.onset_ticks, ticks_per_beat)
        end = _divisions(note.onset_ticks + note.length_ticks, ticks_per_beat)
        spans[onset, max(end, onset + 1)].add(note.pitch)
    return [_Chord(*span, tuple(sorted(pitches))) for span, pitches in sorted(spans.items())]


def _voices(chords: Sequence[_Chord]) -> list[list[_Chord]]:
    """Distribute chords among voices, in which nothing overlaps; the higher ones come first."""
    voices: list[list[_Chord]] = []
    for chord in sorted(chords, key=lambda one: (one.onset, -one.pitches[-1])):
        free = next((voice for voice in voices if voice[-1].end <= chord.onset), None)
        if free is None:
            voices.append([chord])
        else:
            free.append(chord)
    return voices


def _listed(number: int, part: _Part) -> str:
    name = escape("".join(sign for sign in part.name if sign.isprintable()))
    text = f'<score-part id="P{number}"><part-name>{name}</part-name>'
    if not part.drums:
        program = f"<midi-program>{part.program + 1}</midi-program>"
        return f'{text}<midi-instrument id="P{number}-I1">{program}</midi-instrument></score-part>'
    pitches = sorted({pitch for voice in part.voices for one in voice for pitch in one.pitches})
    for pitch in pitches:
        text += f'<score-instrument id="P{number}-D{pitch}"><instrument-name/></score-instrument>'
    for pitch in pitches:
        text += f'<midi-instrument id="P{number}-D{pitch}"><midi-channel>10</midi-channel>'
        text += f"<midi-unpitched>{pitch + 1}</midi-unpitched></midi-instrument>"
    return f"{text}</score-part>"


def _measures(score: Score, number: int, part: _Part) -> Iterator[str]:
    """Yield the measures of a part; changes of meter and tempo are in each part."""
    flats = any(key.fifths < 0 for key in score.key_signatures[:1])
    styles = [
        _Style(FLATS if flats else SHARPS, voice, f"P{number}-D" if part.drums else "")
        for voice in range(1, len(part.voices) + 1)
    ]
    for count, (start, end) in enumerate(pairwise(score.bars), start=1):
        low, high = (_divisions(tick, score.ticks_per_beat) for tick in (start, end))
        text = _opening(score, start, end)
        for voice, style in zip(part.voices, styles, strict=True):
            if style.voice > 1:
                if not any(one.onset < high and one.end > low for one in voice):
                    continue
                text += f"<backup><duration>{high - low}</duration></backup>"
            text += "".join(_bar_of(voice, low, high, style))
        yield f'<measure number="{count}">{text}</measure>\n'


def _opening(score: Score, start: int, end: int) -> str:
    """Return what is written at the start of a measure: divisions, key, meter, tempos."""
    head = f"<divisions>{DIVISIONS}</divisions>{_key(score)}" if start == 0 else ""
    for meter in score.meters:
        if meter.tick == start:
            head += f"<time><beats>{meter.beats}</beats><beat-type>{meter.unit}</beat-type></time>"
    text = f"<attributes>{head}</attributes>" if head else ""
    for tempo in score.tempos:
        if start <= tempo.tick < end:
            text += f'<sound tempo="{tempo.bpm:.6g}"/>'
    return text


def _key(score: Score) -> str:
    if not score.key_signatures:
        return ""
    key = score.key_signatures[0]
    mode = "minor" if key.minor else "major"
    return f"<key><fifths>{key.fifths}</fifths><mode>{mode}</mode></key>"


def _bar_of(voice: Sequence[_Chord], low: int, high: int, style: _Style) -> Iterator[str]:
    """Yield the notes and rests of a voice in one measure; what goes past its end is tied."""
    now = low
    for chord in voice[bisect_right([one.end for one in voice], low) :]:
        if chord.onset >= high:
            break
        first, last = max(chord.onset, low), min(chord.end, high)
        if first > now:
            yield from _pieces(_Chord(now, first, ()), _Ties(), style)
        ties = _Ties(chord.onset < low, chord.end > high)
        yield from _pieces(_Chord(first, last, chord.pitches), ties, style)
        now = last
    if now < high:
        yield from _pieces(_Chord(now, high, ()), _Ties(), style)


def _pieces(chord: _Chord, ties: _Ties, style: _Style) -> Iterator[str]:
    """Yield a chord or rest, as several that are tied if no single one is so long."""
    now = chord.onset
    while now < chord.end:
        length = next((size for size in TYPES if size <= chord.end - now), chord.end - now)
        own = _Ties(ties.before or now > chord.onset, ties.after or now + length < chord.end)
        if not chord.pitches:
            yield f"<note><rest/>{_timing(length, style.voice)}</note>"
        for index, pitch in enumerate(chord.pitches):
            yield _note(pitch, length, own, style, "<chord/>" if index else "")
        now += length


def _note(pitch: int, length: int, ties: _Ties, style: _Style, chord: str) -> str:
    kinds = [kind for kind, there in zip(("stop", "start"), ties, strict=True) if there]
    tied = "".join(f'<tie type="{kind}"/>' for kind in kinds)
    marks = "".join(f'<tied type="{kind}"/>' for kind in kinds)
    instrument = f'<instrument id="{style.drums}{pitch}"/>' if style.drums else ""
    timing = _timing(length, style.voice, tied + instrument)
    notations = f"<notations>{marks}</notations>" if marks else ""
    return f"<note>{chord}{_pitch(pitch, style)}{timing}{notations}</note>"


def _timing(length: int, voice: int, inside: str = "") -> str:
    text = f"<duration>{length}</duration>{inside}<voice>{voice}</voice>"
    if length not in TYPES:
        return text
    name, dots, triplet = TYPES[length]
    text += f"<type>{name}</type>" + "<dot/>" * dots
    three = "<actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
    return f"{text}<time-modification>{three}</time-modification>" if triplet else text


def _pitch(pitch: int, style: _Style) -> str:
    name, octave = style.names[pitch % 12], pitch // 12 - 1
    if style.drums:
        shown = f"<display-step>{name[0]}</display-step><display-octave>{octave}</display-octave>"
        return f"<unpitched>{shown}</unpitched>"
    alter = f"<alter>{1 if name[1] == '#' else -1}</alter>" if len(name) > 1 else ""
    return f"<pitch><step>{name[0]}</step>{alter}<octave>{octave}</octave></pitch>"
