"""Voices as tokens, the grid of sixteenths, and the task `music.voices`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from seqstudio_music.chords import chord_symbol, nearest_chord
from seqstudio_music.grid import Bar, Grid, chorale_grid, grid_of_score
from seqstudio_music.keys import estimate_key, key_name
from seqstudio_music.voices.batches import (
    EncodedPiece,
    augment_piece,
    encode_piece,
    log_probs,
    pad_pieces,
    piece_of,
)
from seqstudio_music.voices.constraints import VoiceGuide
from seqstudio_music.voices.covariates import (
    STEP_SIZES,
    UNKNOWN_END,
    UNKNOWN_KEY,
    Bounds,
    covariates,
)
from seqstudio_music.voices.data import ChoraleImporter, chorale_piece
from seqstudio_music.voices.notes import voice_notes
from seqstudio_music.voices.score_reader import read_piece
from seqstudio_music.voices.settings import VoiceOptions
from seqstudio_music.voices.task import VoicesTask
from seqstudio_music.voices.tokens import CHORALE, HOLD, LEAD_SHEET, NONE, ONSET, REST, Layout
from small_music import TPB, chorale_example, four_parts, lead_sheet

from seqstudio.api import ConfigError, DataError, Draws, Ledger, Note, pool
from seqstudio.api.media import Score
from seqstudio.services.bundles import LoadedBundle

TASK = VoicesTask()


def test_tokens_distinguish_an_onset_from_a_held_note() -> None:
    layout = Layout(LEAD_SHEET)
    values = np.array([[NONE, 60], [3, 60], [3, 60], [7, NONE]])
    held = np.array([[False, False], [False, True], [True, False], [False, False]])
    tokens = layout.encode(values, held)

    decoded, decoded_held = layout.decode(tokens)
    assert np.array_equal(decoded, values)
    assert np.array_equal(decoded_held, held)
    for (low, high), column in zip(layout.ranges, tokens.T, strict=True):
        assert ((column >= low) & (column < high)).all()
    assert layout.vocabulary == layout.ranges[-1][1]


def test_a_hold_in_the_first_step_is_a_rest() -> None:
    layout = Layout(LEAD_SHEET)
    (chords, _), (melody, _) = layout.ranges
    values, held = layout.decode(np.array([[chords + 1, melody], [chords + 1, melody + 50]]))

    assert values[:, 0].tolist() == [NONE, NONE]
    assert values[:, 1].tolist() == [NONE, 50 - ONSET + 21]
    assert not held.any()


def test_a_chorale_says_what_sounds_in_each_sixteenth() -> None:
    layout = Layout(CHORALE)
    tokens = layout.encode(np.array([[60, 40, NONE, 50]] * 2), np.array([[True] * 4] * 2))
    values, held = layout.decode(tokens)

    assert tokens.tolist() == [[40, 20, 0, 30]] * 2
    assert values.tolist() == [[60, 40, NONE, 50]] * 2
    assert held.tolist() == [[False] * 4, [True, True, False, True]]
    assert layout.vocabulary == 89


def test_repeated_pitches_of_a_chorale_are_held() -> None:
    piece = chorale_piece(np.array([[70, 40, 60, 50], [70, 41, NONE, 50], [71, 41, NONE, 50]]))

    assert piece.held.tolist() == [
        [False] * 4,
        [True, False, False, True],
        [False, True, False, True],
    ]


def test_a_hold_is_not_allowed_after_a_rest_or_at_the_beginning() -> None:
    layout = Layout(LEAD_SHEET)
    guide = VoiceGuide(layout, 4, [0])
    (chords, _), (melody, _) = layout.ranges
    rests = [chords + REST, melody + REST]
    onsets = [chords + ONSET, melody + ONSET]
    holds = [chords + HOLD, melody + HOLD]

    for voice, start in enumerate((chords, melody)):
        for before in ([], rests, [*onsets, *rests]):
            assert not guide.allowed(0, [*before, *onsets[:voice]])[start + HOLD]
        for before in (onsets, [*onsets, *holds]):
            assert guide.allowed(0, [*before, *onsets[:voice]])[start + HOLD]


def test_a_note_held_over_from_the_primer_begins_again() -> None:
    layout, grid = Layout(LEAD_SHEET), Grid((Bar(TPB, 1, 4),), TPB)
    values, held = np.array([[NONE, 60]] * 4), np.array([[False, step > 0] for step in range(4)])
    notes = voice_notes(layout, layout.encode(values, held), 1, grid, 2)

    assert [(note.onset_ticks, note.length_ticks) for note in notes] == [(TPB // 2, TPB // 2)]


def test_every_pitch_and_chord_can_be_encoded() -> None:
    for voices in (CHORALE, LEAD_SHEET):
        layout = Layout(voices)
        for column, voice in enumerate(voices):
            values = np.full((voice.value_count, len(voices)), NONE)
            values[:, column] = voice.first_value + np.arange(voice.value_count)
            tokens = layout.encode(values, np.zeros(values.shape, dtype=np.bool_))
            assert np.array_equal(layout.decode(tokens)[0], values)


def test_transposing_moves_pitches_and_chord_roots() -> None:
    g7 = nearest_chord([43, 47, 50, 53])[0]
    moved = Layout(LEAD_SHEET).transpose(np.array([[g7, 60], [NONE, NONE]]), 6)

    assert chord_symbol(int(moved[0, 0])) == "C#7"
    assert moved[:, 1].tolist() == [66, NONE]
    assert moved[1, 0] == NONE


def test_an_unknown_set_of_notes_has_the_nearest_chord() -> None:
    chord, exact = nearest_chord([36, 40, 43, 46, 49])

    assert chord_symbol(chord) == "C7"
    assert not exact


def test_the_key_is_estimated_from_durations() -> None:
    durations = np.zeros(12)
    durations[[7, 9, 11, 0, 2, 4, 6]] = (5, 2, 3, 2, 4, 2, 2)
    assert key_name(estimate_key(durations, 7)) == "G"
    assert key_name(estimate_key(np.zeros(12), None)) == "C"


@pytest.mark.parametrize(
    ("meter", "counts"),
    [((4, 4), 16), ((3, 4), 12), ((6, 8), 12), ((7, 8), 14), ((5, 4), 20), ((3, 32), 2)],
)
def test_bars_are_divided_into_sixteenths(meter: tuple[int, int], counts: int) -> None:
    score = Score.new(ticks_per_beat=TPB, meter=meter)
    bar = score.meters[0].bar_ticks(TPB)
    grid = grid_of_score(score, bar + 1)

    assert grid.steps_per_bar == (counts, counts)
    assert grid.ticks[counts] == bar
    assert grid.ticks[-1] == 2 * bar
    assert grid.extended(2).ticks[-1] == 4 * bar


def test_a_tick_is_snapped_to_the_nearest_step() -> None:
    grid = Grid((Bar(4 * TPB, 4, 4),), TPB)

    assert [grid.step_at(tick) for tick in (0, 60, 61, 120, 4 * TPB, 9999)] == [0, 0, 1, 1, 16, 16]


def test_a_chorale_ends_with_a_bar_and_may_begin_with_an_upbeat() -> None:
    grid = chorale_grid(36)

    assert grid.positions[:5].tolist() == [12, 13, 14, 15, 0]
    assert grid.bar_numbers[[0, 4, 35]].tolist() == [-1, 0, 1]
    assert grid.positions[-1] == 15


def test_the_end_and_the_key_can_be_unknown() -> None:
    grid = chorale_grid(80)
    known, unknown = (
        covariates(grid, Bounds(), key=key, end_known=key is not None) for key in (5, None)
    )

    assert known[[0, -5, -1], 3].tolist() == [15, 1, 0]
    assert set(unknown[:, 3].tolist()) == {UNKNOWN_END}
    assert set(unknown[:, 4].tolist()) == {UNKNOWN_KEY}
    assert (known.max(axis=0) < STEP_SIZES).all()


def test_meters_and_positions_absent_from_training_map_to_the_nearest() -> None:
    bounds = Bounds.of([chorale_grid(32)])
    known = covariates(grid_of_score(Score.new(meter=(5, 4)), 1), bounds, key=None, end_known=False)

    assert bounds == Bounds(meters=(0,), last_position=15)
    assert known[:, 0].tolist() == [*range(16), 15, 15, 15, 15]
    assert set(known[:, 1].tolist()) == {0}


def test_later_steps_do_not_change_the_nll_of_earlier_ones(chorale_model: LoadedBundle) -> None:
    piece = piece_of(chorale_example(64, 3), "chorale")
    encoded = encode_piece(piece, chorale_model.settings)
    other = encoded.tokens.copy()
    other[32:] = np.roll(other[32:], 3, axis=0)

    def nats(tokens: np.ndarray) -> torch.Tensor:
        piece = EncodedPiece(tokens, encoded.covariates)
        layout = Layout(chorale_model.settings.slots)
        with torch.inference_mode():
            return log_probs(chorale_model.module, pad_pieces(("x",), [piece], layout, 0))[0]

    torch.testing.assert_close(nats(other)[:32], nats(encoded.tokens)[:32])


def test_nats_are_pooled_over_sixteenths_and_tokens(chorale_model: LoadedBundle) -> None:
    pieces = [chorale_example(steps, steps, f"p{steps}") for steps in (16, 50, 33)]
    figures = pool(list(TASK.measure(chorale_model, pieces)))
    alone = [pool(list(TASK.measure(chorale_model, [piece])))["nats_per_16th"] for piece in pieces]

    assert figures["nll_per_token"] == pytest.approx(figures["nats_per_16th"] / 4)
    pooled = np.average(alone, weights=[16, 50, 33])
    assert figures["nats_per_16th"] == pytest.approx(pooled, rel=1e-5)


def test_training_transposes_within_the_ranges_of_the_voices(chorale_model: LoadedBundle) -> None:
    settings = chorale_model.settings
    piece, layout = piece_of(chorale_example(64, 1), "chorale"), Layout(settings.slots)
    for epoch in range(20):
        augmented = augment_piece(piece, settings, Draws(0, epoch).generator("x"))
        pitches = layout.decode(augmented.tokens)[0]
        for column, voice in enumerate(settings.slots):
            used = pitches[:, column]
            assert voice.low <= used.min() <= used.max() <= voice.high


def test_training_uses_some_pieces_without_their_chords(folk_model: LoadedBundle) -> None:
    settings = folk_model.settings
    piece, layout = read_piece(lead_sheet(), "lead-sheet"), Layout(settings.slots)
    pieces = [augment_piece(piece, settings, Draws(0, n).generator("x")) for n in range(40)]
    silent = [(layout.decode(one.tokens)[0][:, 0] == NONE).all() for one in pieces]

    assert 0 < sum(silent) < 20


def test_four_parts_are_read_by_their_mean_pitch() -> None:
    piece = read_piece(four_parts(), "chorale")

    assert piece.values[0].tolist() == [67, 46, 53, 60]
    assert len(piece.values) == 32


def test_a_lead_sheet_is_read_as_chords_and_melody() -> None:
    piece = read_piece(lead_sheet(), "lead-sheet")

    assert [chord_symbol(int(value)) for value in piece.values[[0, 8], 0]] == ["C", "C"]
    assert piece.held[:9, 0].tolist() == [False] + [True] * 7 + [False]
    assert piece.values[[0, 4, 8], 1].tolist() == [60, 64, 67]
    assert piece.adjustments == {}


def test_adjustments_in_reading_are_counted() -> None:
    notes = [Note(0, 60, TPB), Note(0, 67, TPB), Note(TPB + 50, 62, TPB), Note(3 * TPB, 64, TPB)]
    score = Score.new(ticks_per_beat=TPB).with_new_track(notes)
    piece = read_piece(score, "lead-sheet")

    assert piece.adjustments == {
        "notes snapped to the 1/16 grid": 1,
        "lower notes dropped": 1,
    }
    assert piece.values[0, 1] == 67


def json_file(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_chorales_are_read_from_json_with_their_splits(tmp_path: Path) -> None:
    piece = [[70, 65, 60, 50]] * 4
    path = json_file(tmp_path / "TinySeparated.json", {"train": [piece], "dev": [piece, [[1]]]})
    ledger = Ledger()
    examples = list(ChoraleImporter().read(tmp_path, ledger))

    assert [(item.split, item.size) for item in examples] == [("train", 4), ("valid", 4)]
    assert ledger.refused == {f"{path.name}:valid[1]": "step 0: 1 voices, expected 4"}
    assert chorale_piece(examples[0].steps).values[0].tolist() == [70, 50, 60, 65]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ([], "0 steps, expected at least 1"),
        ([[60, 60, 60, 60.5]], "step 0: 60.5, expected a MIDI pitch, or -1"),
        ([[60, 60, 60, 128]], "step 0: 128, expected a MIDI pitch"),
        ([7], "step 0: int voices, expected 4"),
    ],
)
def test_a_piece_without_four_pitches_in_each_step_is_refused(
    tmp_path: Path, piece: Any, expected: str
) -> None:
    ledger = Ledger()
    path = json_file(tmp_path / "x.json", [piece])

    assert list(ChoraleImporter().read(path, ledger)) == []
    assert expected in ledger.refused["x.json:pieces[0]"]


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(DataError, match=r"x\.json: .*expected chorales as JSON"):
        list(ChoraleImporter().read(tmp_path / "x.json", Ledger()))


def test_pieces_of_another_layout_are_refused_by_name(tmp_path: Path) -> None:
    four_parts().write(tmp_path / "four.mid")
    lead_sheet().write(tmp_path / "tune.mid")
    ledger = Ledger()
    examples = list(TASK.read(tmp_path, ledger))
    preparation = TASK.prepare(examples, VoiceOptions(layout="lead-sheet"))
    kept = TASK.preflight(examples, preparation, ledger)

    assert [item.id for item in kept] == ["tune.mid"]
    assert "expected a melody" in ledger.refused["four.mid"]
    with pytest.raises(DataError, match=r"^0 of 0 pieces of layout chorale, expected at least 1$"):
        TASK.prepare(kept[:0], VoiceOptions())


@pytest.mark.medium
def test_a_preview_is_the_same_for_the_same_seed(chorale_model: LoadedBundle) -> None:
    one, same, other = (TASK.preview(chorale_model, [], seed) for seed in (1, 1, 2))

    assert one.text.endswith("notes in 4 bars")
    scores = [preview.outputs["midi"] for preview in (one, same, other)]
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"crop": 10}, "crop=10, expected 0, or more than lead=16"),
        ({"lowest_shift": 1}, "shifts from 1 to 6, expected a range that contains 0"),
        ({"drop_chords": 1.0}, "drop_chords=1.0, expected"),
        ({"dimension": 0}, "dimension=0, expected at least 1"),
        ({"unshifted": 1.5}, "unshifted=1.5, expected 0 to 1"),
    ],
)
def test_an_invalid_option_is_named(changed: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        VoiceOptions(**changed)
