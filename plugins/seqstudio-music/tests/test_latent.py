"""Melodies of two bars as points: what is read, the ways between them, and what is refused."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import seqstudio_music
from seqstudio_music.latent.composer import LatentComposer
from seqstudio_music.latent.operations import Interpolate
from seqstudio_music.latent.settings import LatentOptions
from seqstudio_music.latent.task import LatentTask
from seqstudio_music.latent.windows import STEPS, read_windows, shift_to_c, transposed, windows_of
from seqstudio_music.operations import Generate
from seqstudio_music.voices.tokens import NONE
from small_music import TPB, OneJob, four_parts, lead_sheet, loaded, melody, options_of, piano

from seqstudio.api import (
    ConfigError,
    DataError,
    Example,
    Ledger,
    Note,
    Request,
    Result,
    TakeSeed,
)
from seqstudio.api.media import Score
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import LoadedBundle
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

Write = Callable[[Score, str], Path]

# two bars each, as pitches and sixteenths
TUNES = {
    "ode": [(64, 4), (64, 4), (65, 4), (67, 4), (67, 4), (65, 4), (64, 4), (62, 4)],
    "twinkle": [(60, 4), (60, 4), (67, 4), (67, 4), (69, 4), (69, 4), (67, 8)],
}


def tune(steps: Sequence[tuple[int, int]], *, program: int = 40, tempo_bpm: float = 96.0) -> Score:
    onsets = np.cumsum([0, *(length for _, length in steps)]).tolist()
    notes = [
        Note(onset * TPB // 4, pitch, length * TPB // 4 - 20, 70 + number)
        for number, (onset, (pitch, length)) in enumerate(zip(onsets[:-1], steps, strict=True))
    ]
    score = Score.new(ticks_per_beat=TPB, tempo_bpm=tempo_bpm)
    return score.with_new_track(notes, name="Fiddle", program=program, channel=2)


@pytest.fixture(scope="module")
def untrained() -> LoadedBundle:
    clips = [Example(id="a", tokens=next(iter(windows_of(lead_sheet()))))]
    options = LatentOptions(dimension=8, encoder_hidden=8, hidden=12, inner_hidden=8, latents=4)
    return loaded(LatentTask(), clips, options, "music-latent")


@pytest.fixture
def job(untrained: LoadedBundle, tmp_path: Path) -> OneJob:
    return OneJob({"music-latent": untrained}, tmp_path, chosen="music-latent")


def between(job: OneJob, first: Path, second: Path, **options: Any) -> Result:
    request = Request(
        inputs={"first": (first,), "second": (second,)},
        options=options_of("interpolate", **options),
    )
    (result,) = Interpolate().run(request, job)
    return result


def steps_of(result: Result, bars: int) -> list[list[Note]]:
    """Return the notes of each step, from its own start on."""
    score, length = result.outputs["score"], 4 * TPB * bars
    assert isinstance(score, Score)
    notes = sorted(score.tracks[1].notes)
    count = len(result.details["unlike_first"])  # type: ignore[arg-type]
    return [
        [
            Note(n.onset_ticks - step * length, n.pitch, n.length_ticks, n.velocity, n.channel)
            for n in notes
            if step * length <= n.onset_ticks < (step + 1) * length
        ]
        for step in range(count)
    ]


def test_a_window_is_two_bars_and_each_is_read_once() -> None:
    found = windows_of(lead_sheet(beats=16))

    assert list(found.values()) == ["1"]  # each bar repeats the first
    (clip,) = found
    assert clip[:8] == (53, 1, 1, 1, 57, 1, 1, 1)  # C and E from C5 on, counted from A0
    assert len(clip) == STEPS
    assert len(windows_of(four_parts())) == 1  # the voices are one melody in four keys
    both = lead_sheet().with_new_track(tune(TUNES["ode"]).notes, channel=2)
    assert list(windows_of(both).values()) == ["1", "1.2"]


def test_files_without_two_bars_of_a_melody_are_refused_by_name(tmp_path: Path) -> None:
    lead_sheet().write(tmp_path / "tune.mid")
    lead_sheet(meter=(3, 4)).write(tmp_path / "waltz.mid")
    piano().write(tmp_path / "piano.mid")
    ledger = Ledger()
    examples = list(read_windows(tmp_path, ledger))

    assert [one.id for one in examples] == ["tune.mid:1"]
    assert ledger.used == ["tune.mid"]
    assert set(ledger.refused) == {"waltz.mid", "piano.mid"}
    assert "no two bars of 4/4 with a melody" in ledger.refused["waltz.mid"]


@pytest.mark.parametrize("semitones", [0, 5, -7, 2, -24])
def test_a_melody_comes_home_from_every_key(semitones: int) -> None:
    values = np.array([60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60, NONE])
    home = transposed(values, shift_to_c(values))
    away = transposed(values, semitones)

    assert home[0] % 12 == 0
    assert transposed(away, shift_to_c(away)).tolist() == home.tolist()
    assert transposed(home, -shift_to_c(values)).tolist() == values.tolist()


def test_the_ends_are_the_files_own_notes(job: OneJob, write: Write) -> None:
    first, second = tune(TUNES["ode"]), tune(TUNES["twinkle"], program=1, tempo_bpm=150.0)
    result = between(job, write(first, "ode.mid"), write(second, "twinkle.mid"), steps=4)
    found, score = steps_of(result, 2), result.outputs["score"]
    assert isinstance(score, Score)

    assert found[0] == sorted(first.tracks[1].notes)
    assert found[-1] == sorted(second.tracks[1].notes)
    assert [round(tempo.bpm) for tempo in score.tempos] == [96]
    assert (score.tracks[1].program, score.tracks[1].name) == (40, "Fiddle")
    assert {note.channel for note in score.notes} == {2}
    assert score.faults == ()
    marks = [(e.tick, e.data) for e in score.tracks[0].events if e.meta == 0x06]
    assert marks == [(n * 8 * TPB, f"{n + 1} of 4".encode()) for n in range(4)]
    unlike = result.details["unlike_first"], result.details["unlike_second"]
    assert (unlike[0][0], unlike[1][-1]) == (0.0, 0.0)  # type: ignore[index]
    assert result.summary.startswith(
        "4 clips of 2 bars from ode.mid to twinkle.mid by music-latent"
    )


def test_the_second_melody_takes_the_resolution_of_the_first(job: OneJob, write: Write) -> None:
    notes = [Note(96 * n, 60, 96) for n in range(8)]
    coarse = Score.new(ticks_per_beat=96).with_new_track(notes)
    result = between(job, write(lead_sheet(), "a.mid"), write(coarse, "b.mid"))
    (*_, last) = steps_of(result, 2)

    assert [(n.onset_ticks, n.length_ticks) for n in last] == [(TPB * n, TPB) for n in range(8)]


def test_the_shorter_melody_is_padded_and_repeated(job: OneJob, write: Write) -> None:
    long, short = lead_sheet(beats=16), lead_sheet(beats=4)
    result = between(job, write(long, "long.mid"), write(short, "short.mid"))
    (*_, last) = steps_of(result, 4)

    assert [note.onset_ticks // TPB for note in last] == [0, 1, 2, 3, 8, 9, 10, 11]
    assert "short.mid padded with a bar of rest; short.mid repeated to 4 bars" in result.summary


def test_bars_and_tracks_are_chosen_for_each_file(job: OneJob, write: Write) -> None:
    path = write(four_parts(beats=16), "four.mid")
    chosen = {"track": "Voice 0", "bars": "1-2", "second_track": "4", "second_bars": "3-4"}
    result = between(job, path, path, **chosen)
    first, *_, last = steps_of(result, 2)
    assert [note.pitch for note in first] == [67, 69, 71, 69] * 2
    assert [note.pitch for note in last] == [53, 55, 57, 55] * 2


@pytest.mark.parametrize(
    ("score", "options", "expected"),
    [
        (lead_sheet(meter=(3, 4)), {}, r"b.mid: bar 1 in 3/4, expected 4/4"),
        (piano(), {}, r"b.mid: 2 parts with 3.0, 3.0 notes per onset, expected a melody"),
        (
            piano(),
            {"track": "2"},
            r"1 parts with 3.0 notes per onset, expected one voice",
        ),
        (Score.new(), {}, r"b.mid: 0 notes, expected at least 1"),
    ],
)
def test_what_is_no_melody_in_four_four_is_refused(
    job: OneJob, write: Write, score: Score, options: dict[str, Any], expected: str
) -> None:
    path = write(score, "b.mid")
    with pytest.raises(DataError, match=expected):
        between(job, path, path, **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"track": "viola"}, r"track='viola', expected one of .*a.mid: tune, 2, chords, 3"),
        ({"second_bars": "3-9"}, r"bars='3-9', expected one such as 2-3, within bars 1 to 2"),
    ],
)
def test_places_that_are_not_there_are_refused(
    job: OneJob, write: Write, options: dict[str, Any], expected: str
) -> None:
    path = write(lead_sheet(), "a.mid")
    with pytest.raises(ConfigError, match=expected):
        between(job, path, path, **options)


def test_silent_bars_are_refused(job: OneJob, write: Write) -> None:
    late = Score.new(ticks_per_beat=TPB).with_new_track([Note(16 * TPB, 60, TPB)])
    path = write(late, "late.mid")
    with pytest.raises(DataError, match=r"bars 1 to 2 without a note, expected a melody"):
        between(job, path, path, bars="1-2")


def test_a_melody_in_another_octave_comes_back_to_it(job: OneJob, write: Write) -> None:
    low = [Note(n.onset_ticks, n.pitch - 36, n.length_ticks) for n in melody()]
    path = write(Score.new(ticks_per_beat=TPB).with_new_track(low), "low.mid")
    result = between(job, path, write(lead_sheet(), "a.mid"), steps=5)

    assert steps_of(result, 2)[0] == sorted(low)
    assert result.details["unlike_first"][0] == 0.0  # type: ignore[index]
    assert result.details["unlike_first"][-1] == pytest.approx(1.0)  # type: ignore[index]


@pytest.mark.parametrize(("bars", "count"), [(1, 1), (2, 2), (5, 5)])
def test_generate_composes_from_the_prior(job: OneJob, bars: int, count: int) -> None:
    request = Request(
        options=options_of("generate", bars=bars), takes=(TakeSeed(1, 5), TakeSeed(2, 6))
    )
    results = list(Generate([LatentComposer()]).run(request, job))
    again = list(Generate([LatentComposer()]).run(request, job))
    scores = [one.outputs["score"] for one in results]

    assert all(isinstance(score, Score) and len(score.bars) - 1 <= count for score in scores)
    assert [s.to_bytes() for s in scores] == [one.outputs["score"].to_bytes() for one in again]  # type: ignore[attr-defined]
    assert scores[0].to_bytes() != scores[1].to_bytes()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"meter": "3/4"}, "meter=3/4, expected 4/4 with music-latent"),
        ({"key": "G"}, "key is asked for, expected none with music-latent, a model of two-bar"),
    ],
)
def test_generate_refuses_what_the_model_does_not_know(
    job: OneJob, options: dict[str, Any], expected: str
) -> None:
    request = Request(options=options_of("generate", **options), takes=(TakeSeed(1, 5),))
    with pytest.raises(ConfigError, match=expected):
        list(Generate([LatentComposer()]).run(request, job))


@pytest.mark.medium
def test_the_task_learns_and_measures_what_returns(tmp_path: Path) -> None:
    folder = tmp_path / "tunes"
    folder.mkdir()
    for number, (name, steps) in enumerate(TUNES.items()):
        longer = [*steps, *steps[number:], *steps[:number]]
        tune(longer).write(folder / f"{name}.mid")
    context = PluginContext(
        plugin="music",
        plugin_version="0",
        kinds=("midi",),
        importers=tuple(seqstudio_music.seqstudio_importers()),
        parts=with_plugin_parts(seqstudio_music.seqstudio_parts()),
    )
    small = ("dimension=8", "encoder_hidden=16", "hidden=32", "inner_hidden=16", "latents=8")
    settings = (*small, "epochs=20", "batch_size=4", "learning_rate=0.01", "ema=0")
    job = TrainJob(data=folder, run=tmp_path / "run", settings=(*settings, "evaluate_every=5"))
    events = list(run_train_job(job, LatentTask(), context))
    losses = [event.loss for event in events if isinstance(event, TrainingStep)]
    measured = [event.metrics for event in events if isinstance(event, Evaluated)]

    assert losses[-1] < 0.5 * losses[0]
    assert set(measured[-1]) >= {"note_error", "clip_error", "nats_per_16th", "kl_per_clip"}
    assert all(0 <= one["note_error"] <= 1 for one in measured)
