"""What sampled voices may do: voice leading, key, cadence, and the group of what is held."""

import torch
from seqstudio_music.chords import chord_pitch_classes
from seqstudio_music.keys import foreign_classes, parse_key
from seqstudio_music.voices.constraints import VoiceGuide
from seqstudio_music.voices.tokens import CHORALE, HOLD, LEAD_SHEET, Layout

C_MAJOR, A_MINOR = parse_key("C"), parse_key("Am")


def pitches(layout: Layout, voice: int, mask: torch.Tensor) -> set[int]:
    first = int(layout.first_tokens[voice])
    value = layout.voices[voice].first_value
    return {int(token) - first + value for token in mask.nonzero() if int(token) >= first}


def chorale_tokens(*steps: tuple[int, ...]) -> list[int]:
    return [pitch - 20 for step in steps for pitch in step]


def test_parallel_fifths_and_octaves_are_masked_and_staying_is_not() -> None:
    layout = Layout(CHORALE)
    guide = VoiceGuide(layout, 100, [C_MAJOR])
    before = chorale_tokens((72, 48, 55, 64))  # soprano, bass, tenor, alto
    bass = pitches(layout, 1, guide.allowed(0, [*before, *chorale_tokens((74,))]))
    tenor = pitches(layout, 2, guide.allowed(0, [*before, *chorale_tokens((74, 50))]))

    assert not {38, 50, 62} & bass  # octaves with the soprano
    assert {48, 47, 43} <= bass
    assert not {57, 43} & tenor  # fifths with the bass
    assert 55 in tenor
    free = VoiceGuide(layout, 100, [C_MAJOR], voice_leading=False)
    assert 50 in pitches(layout, 1, free.allowed(0, [*before, *chorale_tokens((74,))]))


def test_a_piece_in_a_key_has_no_note_or_chord_that_leads_away() -> None:
    chorale, sheet = Layout(CHORALE), Layout(LEAD_SHEET)
    guide = VoiceGuide(chorale, 100, [A_MINOR], in_key=True)
    first = pitches(chorale, 0, guide.allowed(0, []))
    near, far = (
        pitches(chorale, 0, guide.allowed(0, chorale_tokens(*[(69, 45, 52, 60)] * steps)))
        for steps in (1, 50)
    )
    (start, _), (melody, _) = sheet.ranges
    sheet_guide = VoiceGuide(sheet, 100, [A_MINOR], in_key=True)
    chords = sheet_guide.allowed(0, [start + 30, melody + 45])

    assert {pitch % 12 for pitch in first} == {9, 0, 4}
    assert {pitch % 12 for pitch in far} == set(range(12)) - foreign_classes(A_MINOR)
    assert {pitch % 12 for pitch in far} - {pitch % 12 for pitch in near} == {7}
    assert not any(
        chord_pitch_classes(chord) & foreign_classes(A_MINOR) for chord in pitches(sheet, 0, chords)
    )


def test_four_voices_come_to_the_tonic_from_the_dominant_or_the_subdominant() -> None:
    layout = Layout(CHORALE)
    guide = VoiceGuide(layout, 16, [C_MAJOR], cadence_steps=8)
    held = [(72, 48, 55, 64)] * 4
    soprano = pitches(layout, 0, guide.allowed(0, chorale_tokens(*held)))
    on_b = pitches(layout, 1, guide.allowed(0, chorale_tokens(*held, (71,))))
    on_c = pitches(layout, 1, guide.allowed(0, chorale_tokens(*held, (72,))))

    assert {pitch % 12 for pitch in soprano} == {0, 2, 5, 7, 9, 11}
    assert {pitch % 12 for pitch in on_b} == {7}
    assert {pitch % 12 for pitch in on_c} == {5}


def test_the_last_chord_is_held_once_it_has_come() -> None:
    layout = Layout(CHORALE)
    guide = VoiceGuide(layout, 16, [C_MAJOR], cadence_steps=8)
    tokens = chorale_tokens(*[(71, 43, 62, 67)] * 8, (72, 48, 60, 64))

    assert pitches(layout, 0, guide.allowed(0, tokens)) == {72}
    assert pitches(layout, 1, guide.allowed(0, [*tokens, 52])) == {48}


def test_a_melody_ends_on_the_root_of_the_last_chord() -> None:
    layout = Layout(LEAD_SHEET)
    guide = VoiceGuide(layout, 16, [A_MINOR], cadence_steps=8)
    (chords, _), (melody, _) = layout.ranges
    tokens = [chords + 30, melody + 45] * 15
    mask = guide.allowed(0, [*tokens, chords + HOLD])

    assert {pitch % 12 for pitch in pitches(layout, 1, mask)} == {9}
    assert not mask[melody + HOLD]
    assert not mask[melody]


def test_what_a_chorale_holds_is_a_group_of_its_own() -> None:
    sheet, chorale = Layout(LEAD_SHEET), Layout(CHORALE)
    hold = VoiceGuide(sheet, 9, [0]).group(0, [5])
    same = VoiceGuide(chorale, 9, [0]).group(0, [52, 28, 35, 44, 53])

    assert hold is None
    assert same is not None
    assert same.nonzero().flatten().tolist() == [28]
    assert VoiceGuide(chorale, 9, [0]).group(0, [52]) is None
