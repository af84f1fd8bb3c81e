"""What a model thought of each note of a piece."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import seqstudio_music
import torch
from seqstudio_music.explain import COLUMNS, Explain
from seqstudio_music.grid import new_grid
from seqstudio_music.keys import parse_key, pitch_name
from seqstudio_music.voices.batches import (
    EncodedPiece,
    encode_piece,
    pad_pieces,
    token_log_probs,
)
from seqstudio_music.voices.covariates import covariates
from seqstudio_music.voices.data import Piece, VoiceExample
from seqstudio_music.voices.leaning import leans
from seqstudio_music.voices.sampling import model_layout
from seqstudio_music.voices.score_reader import read_piece
from seqstudio_music.voices.scoring import score_notes, score_piece
from seqstudio_music.voices.settings import voice_settings
from seqstudio_music.voices.task import VoicesTask
from seqstudio_music.voices.tokens import NONE
from small_music import TPB, OneJob, four_parts, lead_sheet, melody, options_of

from seqstudio.api import DataError, Note, Request, Result, Table
from seqstudio.api.media import Score
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import LoadedBundle, load_bundle

Write = Callable[[Score, str], Path]
PIECES = {"chorale": four_parts(), "lead-sheet": lead_sheet()}
MODELS = {"chorale": "music-chorale", "lead-sheet": "music-folk"}
ASSETS = Path(__file__).parents[3] / "assets" / "music"


def explained(job: OneJob, path: Path, **options: Any) -> Result:
    request = Request(inputs={"piece": (path,)}, options=options_of("explain", **options))
    (result,) = Explain().run(request, job)
    return result


def rows(result: Result) -> list[dict[str, Any]]:
    table = result.outputs["notes"]
    assert isinstance(table, Table)
    assert table.columns == COLUMNS
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def onsets(piece: Piece) -> list[tuple[int, int]]:
    steps = np.argwhere((piece.values != NONE) & ~piece.held)
    return [(int(step), int(voice)) for step, voice in steps]


@pytest.mark.parametrize("layout", PIECES)
def test_all_tokens_of_a_voice_have_a_probability_of_one_together(job: OneJob, layout: str) -> None:
    model, piece = job.models[MODELS[layout]], read_piece(PIECES[layout], layout)
    _, log_probs = score_piece(model, piece)
    together = log_probs.exp().sum(dim=-1)

    torch.testing.assert_close(together, torch.ones_like(together), atol=1e-6, rtol=0)
    for note in score_notes(model, piece, onsets(piece), 20):
        listed = sum(one.probability for one in note.alternatives) + note.probability
        assert note.probability < 1
        assert listed < 1 + 1e-6


@pytest.mark.parametrize("layout", PIECES)
def test_notes_and_what_is_not_listed_are_the_measure_of_the_task(
    job: OneJob, write: Write, layout: str
) -> None:
    model, path = job.models[MODELS[layout]], write(PIECES[layout], "piece.mid")
    example = VoiceExample(id="piece", where="piece", midi=path, size=1)
    (measured,) = VoicesTask().measure(model, [example])
    piece = read_piece(PIECES[layout], layout)
    encoded, log_probs = score_piece(model, piece)
    nats = -log_probs.gather(2, torch.from_numpy(encoded.tokens)[..., None])[..., 0]
    listed = score_notes(model, piece, onsets(piece), 0)
    for step, voice in onsets(piece):
        nats[step, voice] = 0.0

    total = sum(note.nats for note in listed) + float(nats.sum())
    assert total == pytest.approx(measured.sums["nats_per_16th"][0], rel=1e-6)


def test_a_piece_of_the_most_likely_tokens_has_rank_1_everywhere(
    chorale_model: LoadedBundle,
) -> None:
    layout, grid = model_layout(chorale_model), new_grid(1, (2, 4))
    start = Piece(np.full((8, 4), 60), np.zeros((8, 4), dtype=np.bool_), grid, key=0)
    encoded = encode_piece(start, chorale_model.settings)
    for step, voice in np.ndindex(encoded.tokens.shape):
        batch = pad_pieces(("",), [EncodedPiece(encoded.tokens, encoded.covariates)], layout, 0)
        with torch.inference_mode():
            found = token_log_probs(chorale_model.module, batch)[0, step, voice]
        encoded.tokens[step, voice] = int(found.argmax())
    values, held = layout.decode(encoded.tokens)
    places = [(int(step), int(voice)) for step, voice in np.argwhere(values != NONE)]
    notes = score_notes(chorale_model, Piece(values, held, grid, key=0), places, 1)

    assert len(places) > 8
    assert {note.rank for note in notes} == {1}
    assert all(note.alternatives[0].probability <= note.probability for note in notes)


def test_each_note_has_a_row_with_its_place_and_its_alternatives(job: OneJob, write: Write) -> None:
    result = explained(job, write(four_parts(), "piece.mid"), alternatives=2)
    found = rows(result)

    assert len(found) == 4 * 8
    assert [row["voice"] for row in found[:4]] == ["soprano", "bass", "tenor", "alto"]
    assert [found[20][name] for name in ("bar", "beat", "pitch", "midi")] == [2, 2.0, "A4", 69]
    assert all(len(row["alternatives"].split("; ")) == 2 for row in found)
    assert all(row["nats"] == pytest.approx(-np.log(row["probability"]), abs=0.01) for row in found)
    assert result.summary.startswith("32 notes of piece.mid by music-chorale: ")


def test_chords_are_named_by_symbol_and_counted(job: OneJob, write: Write) -> None:
    result = explained(job, write(lead_sheet((6, 8)), "tune.mid"))
    chords = [row for row in rows(result) if row["voice"] == "chords"]

    assert [(row["bar"], row["beat"], row["pitch"], row["midi"]) for row in chords[:2]] == [
        (1, 1.0, "C", None),
        (1, 5.0, "C", None),
    ]
    assert "12 notes and chords of tune.mid by music-folk" in result.summary


def test_the_model_knows_that_a_melody_is_alone(job: OneJob, write: Write) -> None:
    tune = Score.new(ticks_per_beat=TPB).with_new_track(melody())
    model, piece = job.models["music-folk"], read_piece(tune, "lead-sheet")
    result = explained(job, write(tune, "tune.mid"))
    settings, known = voice_settings(model.settings), score_notes(model, piece, onsets(piece), 3)

    def told(*, alone: bool) -> bytes:
        grid, bounds = piece.grid, settings.bounds
        return covariates(grid, bounds, key=None, end_known=False, alone=alone).tobytes()

    assert encode_piece(piece, settings).covariates.tobytes() == told(alone=True)
    assert told(alone=True) != told(alone=False)
    assert [row["nats"] for row in rows(result)] == [round(note.nats, 3) for note in known]
    assert result.summary.startswith("8 notes of tune.mid")


def test_a_repeated_note_of_a_chorale_has_a_row_of_its_own(job: OneJob, write: Write) -> None:
    piece = four_parts()
    still = [Note(TPB * n, 46, TPB, channel=3) for n in range(8)]
    path = write(piece.with_track_notes(4, still), "piece.mid")
    bass = [row for row in rows(explained(job, path)) if row["voice"] == "bass"]

    assert [row["midi"] for row in bass] == [46] * 8


def test_what_the_model_cannot_represent_is_counted(job: OneJob, write: Write) -> None:
    drums = [Note(0, 36, TPB, channel=9)]
    high = [Note(TPB * n + 20, 110, TPB) for n in range(3)]
    score = Score.new(ticks_per_beat=TPB).with_new_track(high).with_new_track(drums, channel=9)
    result = explained(job, write(score, "high.mid"))

    assert [row["midi"] for row in rows(result)] == [98] * 3
    for text in (
        "3 notes snapped to the 1/16 grid",
        "3 notes moved onto the keyboard by octaves",
        "1 drum notes left out",
    ):
        assert text in result.summary


def test_silence_before_a_chorale_changes_nothing(job: OneJob, write: Write) -> None:
    piece = four_parts()
    later = Score.new(ticks_per_beat=TPB)
    for track in piece.tracks[1:]:
        moved = [Note(n.onset_ticks + 32 * TPB, n.pitch, n.length_ticks) for n in track.notes]
        later = later.with_new_track(moved)
    before = rows(explained(job, write(piece, "piece.mid")))
    after = rows(explained(job, write(later, "later.mid")))

    assert [row["bar"] for row in after] == [row["bar"] + 8 for row in before]
    for one, other in zip(before, after, strict=True):
        assert other["nats"] == pytest.approx(one["nats"], abs=2e-3)


def test_a_piece_without_notes_or_with_other_voices_is_refused_by_name(
    job: OneJob, write: Write
) -> None:
    with pytest.raises(DataError, match=r"empty\.mid: 0 notes, expected at least 1"):
        explained(job, write(Score.new(ticks_per_beat=TPB), "empty.mid"))
    job.chosen = "music-chorale"
    with pytest.raises(DataError, match=r"tune\.mid: 2 parts .* for music-chorale"):
        explained(job, write(lead_sheet(), "tune.mid"))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("C", "C4 C#4 D4 Eb4 E4 F4 F#4 G4 G#4 A4 Bb4 B4"),
        ("Am", "C4 C#4 D4 D#4 E4 F4 F#4 G4 G#4 A4 Bb4 B4"),
        ("Gm", "C4 C#4 D4 Eb4 E4 F4 F#4 G4 Ab4 A4 Bb4 B4"),
        ("F#", "B#3 C#4 C##4 D#4 E4 E#4 F#4 F##4 G#4 A4 A#4 B4"),
    ],
)
def test_pitches_are_spelled_in_their_key(key: str, expected: str) -> None:
    assert " ".join(pitch_name(pitch, parse_key(key)) for pitch in range(60, 72)) == expected


@pytest.mark.medium
def test_a_chorale_of_the_training_set_is_mostly_expected(tmp_path: Path) -> None:
    folder = Path(seqstudio_music.__file__).parent / "models" / "music-chorale"
    parts = with_plugin_parts(seqstudio_music.seqstudio_parts())
    model = load_bundle(folder, VoicesTask(), parts=parts)
    result = explained(OneJob({model.name: model}, tmp_path), ASSETS / "o-haupt.mid")
    found = rows(result)

    assert len(found) == 63
    assert result.details["nats_per_note"] == pytest.approx(1.35, abs=0.02)
    assert sum(row["rank"] <= 4 for row in found) > 0.9 * len(found)
    (leading,) = (row for row in found if row["bar"] == 4 and row["midi"] == 68)
    assert (leading["pitch"], leading["rank"]) == ("G#4", 1)
    assert "least likely: B3, 0.39 %, in bar 4 on beat 4.5, tenor" in result.summary


@pytest.mark.medium
def test_what_a_note_leaned_on_makes_it_less_likely_when_it_is_changed(tmp_path: Path) -> None:
    folder = Path(seqstudio_music.__file__).parent / "models" / "music-chorale"
    parts = with_plugin_parts(seqstudio_music.seqstudio_parts())
    model = load_bundle(folder, VoicesTask(), parts=parts)
    piece = read_piece(Score.read(ASSETS / "o-haupt.mid"), "chorale")
    found = leans(model, piece, onsets(piece), 2, lambda share: None)

    assert sum(map(bool, found.values())) > 0.8 * len(found)
    assert all(one.place < place for place, ones in found.items() for one in ones)
    step, voice = max(found, key=lambda place: sum(one.nats for one in found[place]))
    lean, layout = found[step, voice][0], model_layout(model)
    (at, other), values = lean.place, piece.values.copy()
    first = int(layout.first_tokens[other])
    sounds = values[at:, other] == values[at, other]
    stop = at + (int((~sounds).argmax()) or len(sounds))
    values[at:stop, other] = lean.other - first + layout.voices[other].first_value
    changed = Piece(values, piece.held, piece.grid, piece.key)
    nats = [score_notes(model, one, [(step, voice)], 0)[0].nats for one in (piece, changed)]

    assert nats[1] - nats[0] == pytest.approx(lean.nats, rel=1e-3)


def test_a_note_is_found_again_in_the_file_and_says_what_it_leaned_on(
    job: OneJob, write: Write
) -> None:
    path = write(four_parts(), "piece.mid")
    found = rows(explained(job, path, alternatives=2, leans=2))
    notes = [(number, n) for number, t in enumerate(Score.read(path).tracks, 1) for n in t.notes]

    assert {(row["track"], row["tick"], row["midi"]) for row in found} == {
        (number, note.onset_ticks, note.pitch) for number, note in notes
    }
    for row in found:
        for name, pitches in zip(
            row["alternatives"].split("; "), row["alternatives_midi"].split("; "), strict=True
        ):
            assert name.startswith("rest" if pitches == "rest" else pitch_name(int(pitches), 0)[0])
    assert any("times less likely" in row["leans_on"] for row in found)
    onsets = {(number, note.onset_ticks) for number, note in notes}
    for row in found:
        at = [tuple(map(int, one.split())) for one in row["leans_on_at"].split("; ") if one]
        assert len(at) == row["leans_on"].count("less likely")
        assert onsets.issuperset(at)
        assert all(tick <= row["tick"] for _, tick in at)
    assert all(row["leans_on"] == "" for row in rows(explained(job, path)))
