"""Drums: hits and tokens, the kit of a take, drums for music, and the timing of a drummer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import seqstudio_music
from seqstudio_music import seqstudio_parts
from seqstudio_music.drums.composer import DrumComposer
from seqstudio_music.drums.data import ACCENTED, SILENT, TAPPED, UNKNOWN_KIND, DrumExample, tapped
from seqstudio_music.drums.hits import END, Hit, notes_of, steps_of, steps_of_tokens, tokens_of
from seqstudio_music.drums.operations import Drums, Groove
from seqstudio_music.drums.settings import DrumOptions
from seqstudio_music.drums.task import DrumsTask
from seqstudio_music.grid import grid_of_score
from seqstudio_music.kit import general_midi_kit, kit_of
from seqstudio_music.operations import Continue, Generate
from small_music import TPB, OneJob, lead_sheet, loaded, options_of, score_of

from seqstudio.api import ConfigError, DataError, Ledger, Note, Operation, Request, Result, TakeSeed
from seqstudio.api.media import Score
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import LoadedBundle, load_bundle

Write = Callable[[Score, str], Path]
BEAT = ((0, 36, 110), (0, 42, 60), (240, 42, 50), (480, 40, 100), (490, 42, 70), (720, 42, 50))


def groove(bars: int = 2) -> Score:
    """Return a beat on kick, snare and hi-hat, with the snare at pitch 40."""
    notes = [
        Note(2 * TPB * half + tick, pitch, 60, velocity, 9)
        for half in range(2 * bars)
        for tick, pitch, velocity in BEAT
    ]
    return Score.new(ticks_per_beat=TPB).with_new_track(notes, name="Kit", channel=9)


@pytest.fixture(scope="module")
def drum_model(tmp_path_factory: pytest.TempPathFactory) -> LoadedBundle:
    path = tmp_path_factory.mktemp("drums") / "1_funk_90_beat_4-4.mid"
    groove().write(path)
    options = DrumOptions(hidden=16, layers=1, inner_hidden=12, dropout=0.0)
    example = DrumExample(id="beat", where="beat", midi=path, size=1)
    return loaded(DrumsTask(), [example], options, "music-drums")


@pytest.fixture
def drum_job(drum_model: LoadedBundle, tmp_path: Path) -> OneJob:
    return OneJob({"music-drums": drum_model}, tmp_path, chosen="music-drums")


def run(job: OneJob, operation: Operation, inputs: str, path: Path, **options: Any) -> list[Result]:
    takes = (TakeSeed(1, 3), TakeSeed(2, 4))
    return list(operation.run(Request(inputs={inputs: (path,)}, options=options, takes=takes), job))


def test_hits_keep_piece_velocity_and_timing_through_their_tokens() -> None:
    score = groove(1)
    grid = grid_of_score(score, score.end_tick)
    steps = steps_of(score.notes, grid)
    tokens = [token for group in tokens_of(steps) for token in group]

    assert steps_of_tokens(tokens) == steps
    assert [hit.piece for hit in steps[0]] == [0, 2]
    assert [hit.velocity for hit in steps[0]] == [3, 1]
    assert steps[4][1] == Hit(2, 1, 4)  # 10 ticks late: a twelfth of a sixteenth
    assert tokens.count(END) == grid.steps
    back = notes_of(steps, grid, general_midi_kit())
    assert {(n.onset_ticks, n.pitch) for n in back if n.pitch == 36} == {(0, 36), (960, 36)}


def test_taps_are_what_some_pieces_would_be_on_one_surface() -> None:
    score = groove(1)
    steps = steps_of(score.notes, grid_of_score(score, score.end_tick))

    assert tapped(steps, frozenset({0, 1}))[:5].tolist() == [ACCENTED, 0, 0, 0, ACCENTED]
    assert tapped(steps, frozenset({2}))[:3].tolist() == [TAPPED, SILENT, TAPPED]


def test_reading_says_style_and_kind_and_refuses_music_without_drums(
    write: Write, drum_model: LoadedBundle
) -> None:
    assert drum_model.settings.styles == ("funk",)
    ledger, task = Ledger(), DrumsTask()
    examples = [*task.read(write(lead_sheet(), "tune.mid"), ledger)]
    kept = task.preflight(examples, drum_model.preparation, ledger)

    assert kept == []
    assert "no drum on channel 10" in ledger.refused["tune.mid"]
    read = task.preflight(
        [*task.read(write(groove(), "9_x.mid"), ledger)], drum_model.preparation, ledger
    )
    assert read[0].drumming is not None
    assert (read[0].drumming.style, read[0].drumming.kind) == ("", UNKNOWN_KIND)


def test_a_primer_goes_on_with_its_own_kit_on_channel_10(drum_job: OneJob, write: Write) -> None:
    options = options_of("continue", bars=2)
    primer = groove()
    drum_job.chosen = ""  # the composer chooses the model
    for result in run(
        drum_job, Continue([DrumComposer()]), "primer", write(primer, "beat.mid"), **options
    ):
        score = score_of(result)
        added = [note for note in score.notes if note.onset_ticks >= primer.end_tick]
        assert added
        assert {note.pitch for note in added} <= set(kit_of(primer.notes).values()) == {36, 40, 42}
        assert {note.channel for note in added} == {9}
        assert score.faults == ()
        assert set(primer.notes) <= set(score.notes)


@pytest.mark.medium
def test_the_shipped_model_strikes_as_often_as_drummers_do(tmp_path: Path) -> None:
    """A filter that cut the tokens of hits, but not the end of a step, had left 6 hits a bar."""
    folder = Path(seqstudio_music.__file__).parent / "models/music-drums"
    model = load_bundle(folder, DrumsTask(), parts=with_plugin_parts(seqstudio_parts()))
    job = OneJob({"music-drums": model}, tmp_path, chosen="music-drums")
    takes = tuple(TakeSeed(number, number) for number in range(1, 9))
    options = {**options_of("generate", bars=4), "raw": True}
    request = Request(inputs={}, options=options, takes=takes)
    found = [score_of(result) for result in Generate([DrumComposer()]).run(request, job)]

    hits = [len(score.notes) / 4 for score in found]
    assert 9 < sum(hits) / len(hits) < 26


def test_a_melody_gets_drums_and_keeps_its_bytes(drum_job: OneJob, write: Write) -> None:
    tune = lead_sheet()
    options = {"style": "funk", "fill_every": 2, "temperature": 1.0}
    path = write(tune, "tune.mid")
    for result in run(drum_job, Drums(), "piece", path, **options):
        score = score_of(result)
        assert [one.data for one in score.tracks[:3]] == [one.data for one in tune.tracks]
        assert score.tracks[3].is_drums
        assert score.tracks[3].name == "Drums"
    with pytest.raises(ConfigError, match="style='polka', expected one of: funk"):
        run(drum_job, Drums(), "piece", path, **{**options, "style": "polka"})
    both = write(score_of(result), "both.mid")
    with pytest.raises(DataError, match="drums on channel 10, expected music without drums"):
        run(drum_job, Drums(), "piece", both, **options)


@pytest.mark.parametrize("piece", [groove(), lead_sheet()])
def test_a_groove_moves_notes_by_its_strength(drum_job: OneJob, write: Write, piece: Score) -> None:
    path = write(piece, "piece.mid")
    still, half, whole = (
        score_of(run(drum_job, Groove(), "piece", path, strength=share, temperature=1.0)[0])
        for share in (0.0, 0.5, 1.0)
    )

    def distance(score: Score) -> int:
        ordered = zip(
            sorted(piece.notes, key=pitch_first), sorted(score.notes, key=pitch_first), strict=True
        )
        return sum(abs(one.onset_ticks - other.onset_ticks) for one, other in ordered)

    def pitch_first(note: Note) -> tuple[int, int]:
        return note.pitch, note.onset_ticks

    assert still.to_bytes() == piece.to_bytes()
    assert 0 < distance(half) < distance(whole)
    assert len(whole.notes) == len(piece.notes)
    assert (
        max(
            abs(a.onset_ticks - b.onset_ticks)
            for a, b in zip(
                sorted(piece.notes, key=pitch_first),
                sorted(whole.notes, key=pitch_first),
                strict=True,
            )
        )
        <= TPB // 4
    )
