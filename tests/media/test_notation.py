"""Written music: MusicXML and ABC as scores, their repeats, chords, ties, upbeats and faults."""

import io
import zipfile
from fractions import Fraction

import pytest

from seqstudio.errors import DataError
from seqstudio.media.chord_symbols import chord_of
from seqstudio.media.midi import Score
from seqstudio.media.notation import Measure, played_order

QUARTER = 480


def sounding(score: Score, track: int = 1) -> list[tuple[float, int, float]]:
    """Return (onset, pitch, length) in quarter notes."""
    return [
        (note.onset_ticks / QUARTER, note.pitch, note.length_ticks / QUARTER)
        for note in score.tracks[track].notes
    ]


def note(step: str, duration: int = 1, inside: str = "", octave: int = 4) -> str:
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{inside}{pitch}<duration>{duration}</duration></note>"


def xml(*measures: str, part: str = "<part-name>Tune</part-name>") -> bytes:
    listed = f'<part-list><score-part id="P1">{part}</score-part></part-list>'
    body = "".join(f'<measure number="{n}">{one}</measure>' for n, one in enumerate(measures, 1))
    return f'<score-partwise>{listed}<part id="P1">{body}</part></score-partwise>'.encode()


ATTRIBUTES = """<attributes><divisions>1</divisions><key><fifths>-3</fifths><mode>minor</mode></key>
<time><beats>3</beats><beat-type>4</beat-type></time></attributes>"""


def test_a_lead_sheet_becomes_a_melody_and_chords() -> None:
    harmony = """<harmony><root><root-step>F</root-step><root-alter>1</root-alter></root>
    <kind>minor-seventh</kind></harmony>"""
    second = "<harmony><root><root-step>G</root-step></root><kind>dominant</kind><offset>1</offset>"
    second += "<degree><degree-value>9</degree-value><degree-alter>-1</degree-alter>"
    second += "<degree-type>add</degree-type></degree></harmony>"
    tempo = '<direction><sound tempo="90"/></direction>'
    score = Score.from_bytes(
        xml(ATTRIBUTES + tempo + harmony + note("C", 3), second + note("E", 2) + note("G"))
    )

    assert [track.name for track in score.tracks] == ["", "Tune", "Chords"]
    assert sounding(score) == [(0, 60, 3), (3, 64, 2), (5, 67, 1)]
    first = [(0, pitch, 4) for pitch in (42, 45, 49, 52)]
    assert sounding(score, 2) == [*first, *((4, pitch, 2) for pitch in (43, 47, 50, 53, 56))]
    assert [(m.beats, m.unit) for m in score.meters] == [(3, 4)]
    assert [(k.fifths, k.minor) for k in score.key_signatures] == [(-3, True)]
    assert score.tempos[0].bpm == pytest.approx(90)
    assert score.faults == ()


def test_voices_chords_and_ties_sound_together_and_grace_notes_are_counted() -> None:
    tied = '<tie type="start"/>', '<tie type="stop"/>'
    measure = note("C", 3, tied[0]) + note("E", 3, "<chord/>") + note("F", 0, "<grace/>")
    measure += "<backup><duration>3</duration></backup><forward><duration>1</duration></forward>"
    score = Score.from_bytes(
        xml(ATTRIBUTES + measure + note("A", 2, octave=3), note("C", 3, tied[1]))
    )

    assert sounding(score) == [(0, 60, 6), (0, 64, 3), (1, 57, 2)]
    assert score.mends == ("grace and cue notes left out: 1",)


def test_an_upbeat_ends_on_the_first_bar_line() -> None:
    score = Score.from_bytes(xml(ATTRIBUTES + note("G"), note("C", 3)))

    assert sounding(score) == [(2, 67, 1), (3, 60, 3)]
    assert score.bars == (0, 3 * QUARTER, 6 * QUARTER)


def test_drums_transposing_instruments_and_programs_are_read() -> None:
    part = """<part-name>Kit</part-name><midi-instrument id="I1"><midi-unpitched>37</midi-unpitched>
    </midi-instrument>"""
    hit = '<note><unpitched/><duration>1</duration><instrument id="I1"/></note>'
    horn = "<transpose><chromatic>-7</chromatic></transpose></attributes>"
    program = "<midi-instrument><midi-program>61</midi-program></midi-instrument>"
    kit = Score.from_bytes(xml(ATTRIBUTES + hit, part=part)).tracks[1].notes[0]
    score = Score.from_bytes(
        xml(ATTRIBUTES.replace("</attributes>", horn) + note("C"), part=program)
    )

    assert (kit.pitch, kit.channel) == (36, 9)
    assert score.notes[0].pitch == 53
    assert score.tracks[1].events[0].data == b"\x3c"


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("a |: b c :| d", "abcbcd"),
        ("a b :| c", "ababc"),
        ("|: a 1b :| 2c d", "abacd"),
        ("|: a 1b :| 2c :| d", "abacd"),
        ("|: a 12b :| 3c", "ababac"),
        ("|: a 1b :| 2c |: d :|", "abacdd"),
    ],
)
def test_repeats_and_endings_are_played(marks: str, expected: str) -> None:
    measures: list[Measure] = []
    names = ""
    forward = False
    for mark in marks.split():
        if mark == "|:":
            forward = True
        elif mark == ":|":
            measures[-1].backward = 2
        else:
            endings = frozenset(int(digit) for digit in mark[:-1])
            measures.append(Measure(forward=forward, endings=endings))
            names, forward = names + mark[-1], False

    assert "".join(names[index] for index in played_order(measures)) == expected


def test_compressed_musicxml_is_unpacked() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("META-INF/container.xml", "<rootfile full-path='Rag & bones.xml'/>")
        archive.writestr("Rag & bones.xml", xml(ATTRIBUTES + note("C")))

    assert sounding(Score.from_bytes(content.getvalue())) == [(2, 60, 1)]


TUNE = """%%abc-standard 2.1
X:1
T:A tune
M:6/8
L:1/8
Q:3/8=80
K:D
"D"F>G A (3def "A7"g2 a- |1 a6 :|2 ^c=c_B [D2A2] z2 :|
"""


def test_abc_is_read_with_lengths_tuplets_ties_accidentals_chords_and_endings() -> None:
    score = Score.from_bytes(TUNE.encode())
    third = pytest.approx(1 / 3, abs=1e-3)
    lengths = {pitch: length for _, pitch, length in sounding(score)}
    onsets = [onset for onset, pitch, _ in sounding(score) if pitch == 66]

    assert lengths[66] == 0.75 or lengths[66] == third  # F sharp, by the key
    assert lengths[67] == 0.25
    assert lengths[74] == third
    assert [pitch for onset, pitch, _ in sounding(score) if onset >= onsets[-1]][-5:] == [
        *(73, 72, 70, 62, 69)
    ]
    assert (81, 3.5) in [(pitch, length) for _, pitch, length in sounding(score)]
    assert score.tracks[2].notes[0].pitch == 38
    assert [(m.beats, m.unit) for m in score.meters] == [(6, 8)]
    assert score.tempos[0].bpm == pytest.approx(120)
    assert score.tracks[1].name == "A tune"


def test_abc_voices_become_parts_and_further_tunes_are_counted() -> None:
    tune = "X:1\nM:4/4\nL:1/4\nK:Am\nV:1\nA B c d|\nV:2\nA,4|\n\nX:2\nK:C\nC|\n"
    score = Score.from_bytes(tune.encode())

    assert sounding(score) == [(0, 69, 1), (1, 71, 1), (2, 72, 1), (3, 74, 1)]
    assert sounding(score, 2) == [(0, 57, 4)]
    assert score.mends == ("further tunes left out: 1",)
    assert score.key_signatures[0].minor


@pytest.mark.parametrize("rest", ["Z2", "Z,2", "=Z2"])
def test_abc_rests_of_whole_bars_are_read_with_stray_signs_too(rest: str) -> None:
    score = Score.from_bytes(f"X:1\nM:3/4\nL:1/4\nK:C\n{rest}|C3|\n".encode())

    assert sounding(score) == [(6, 60, 3)]


@pytest.mark.parametrize(
    ("symbol", "pitches"),
    [
        ("C", (36, 40, 43)),
        ("Dm7", (38, 41, 45, 48)),
        ("Bbmaj7", (46, 50, 53, 57)),
        ("B♭Δ7", (46, 50, 53, 57)),
        ("F#dim", (42, 45, 48)),
        ("G+", (43, 47, 51)),
        ("Esus", (40, 45, 47)),
        ("C7(#9)", (36, 40, 43, 46)),
        ("D/f#", (30, 38, 42, 45)),
        ("N.C.", ()),
        ("Allegro", None),
        ("Coda", None),
    ],
)
def test_chord_symbols_stand_for_pitches(symbol: str, pitches: tuple[int, ...] | None) -> None:
    assert chord_of(symbol) == pitches


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<score-timewise/>", "begins with <score-timewise>, expected MusicXML with"),
        (b"<score-partwise>", "no element found"),
        (xml(ATTRIBUTES), "0 notes, expected at least 1"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><score-partwise/>', "it declares entities"),
        (b"PK\3\4nothing", "expected compressed MusicXML"),
        (b"X:1\nK:C\n", "0 notes, expected at least 1"),
        (b"X:1\nK:C\n" + b"|:C:|" * 9_000, "more than 10000 measures"),
    ],
)
def test_bad_files_are_refused_by_name(content: bytes, expected: str) -> None:
    with pytest.raises(DataError, match=rf"^song: .*{expected}"):
        Score.from_bytes(content, "song")


def test_lengths_are_exact_over_many_triplets() -> None:
    bars = "(3CDE (3CDE (3CDE (3CDE|" * 40
    score = Score.from_bytes(f"X:1\nL:1/4\nM:8/4\nK:C\n{bars}".encode())

    assert score.notes[-3].onset_ticks == Fraction(8 * 40 - 2) * QUARTER
