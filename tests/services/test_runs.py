from pathlib import Path

import pytest

from seqstudio.errors import DataError, TrainingError
from seqstudio.services.atomic_files import atomic_folder, remove_leftovers, write_atomic
from seqstudio.services.events import (
    Evaluated,
    Event,
    Finished,
    PresetChosen,
    Preview,
    Saved,
    TrainingStep,
    event_from_plain,
    event_to_plain,
)
from seqstudio.services.runs import Run, RunSpec, create_run, open_run

SAVED = Saved(step=1, epoch=0, path="checkpoints/000001")
EVENTS: list[Event] = [
    PresetChosen(preset="folk", summary="preset folk: 3 of 4 pieces have a melody"),
    TrainingStep(
        step=1,
        epoch=0,
        loss=0.5,
        count=3,
        learning_rate=0.1,
        gradient_norm=2.0,
        fraction=0.5,
        parts={"ctc": 0.25},
    ),
    Evaluated(step=1, epoch=0, monitor="wer", value=0.5, best=True, metrics={"wer": 0.5}, items=2),
    Preview(step=1, epoch=0, text="la", files=("previews/1/preview.txt",)),
    SAVED,
    Finished(
        step=1,
        epoch=1,
        reason="epochs",
        monitor="wer",
        value=None,
        best_step=0,
        averaged=1,
        minutes=0.5,
        summary="done",
    ),
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(tmp_path / "run", RunSpec(task="letters.lines", settings=("a=1",)))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives_a_round_trip_through_the_log(run: Run, event: Event) -> None:
    run.append(event)

    assert list(open_run(run.folder).events()) == [event]
    assert open_run(run.folder).spec == run.spec


def test_an_unknown_event_is_named() -> None:
    with pytest.raises(
        DataError, match=r"^log:3: event 'stop', expected one of preset, started, step"
    ):
        event_from_plain({"event": "stop"}, "log:3")
    with pytest.raises(DataError, match=r"^log:3: unknown field 'more'"):
        event_from_plain(event_to_plain(SAVED) | {"more": 1}, "log:3")


def test_an_incomplete_last_line_is_skipped(run: Run) -> None:
    run.append(SAVED)
    size = run.sync_events()
    with run.events_path.open("a") as log:
        log.write('{"event": "st')
    assert list(run.events()) == [SAVED]

    run.truncate_events(size)
    run.append(SAVED)
    assert list(run.events()) == [SAVED, SAVED]


def test_a_run_is_finished_if_its_last_event_says_so(run: Run) -> None:
    assert run.finished() is None
    run.append(EVENTS[-1])
    assert run.finished() == EVENTS[-1]
    run.append(SAVED)
    assert run.finished() is None


def test_the_model_is_replaced_atomically_and_readers_keep_theirs(run: Run) -> None:
    for step in (1, 2):
        with run.new_model(step) as folder:
            (folder / "config.json").write_text(str(step))
        seen = run.model.resolve()
    with run.new_model(3) as folder:
        assert (run.model / "config.json").read_text() == "2"
        (folder / "config.json").write_text("3")

    assert (run.model / "config.json").read_text() == "3"
    assert (seen / "config.json").read_text() == "2"
    assert len(list((run.folder / "bundles").iterdir())) == 2


def test_a_failed_write_keeps_the_old_model(run: Run) -> None:
    with run.new_model(1) as folder:
        (folder / "config.json").write_text("1")
    with pytest.raises(OSError, match="No space"), run.new_model(2):
        raise OSError(28, "No space left on device")

    assert (run.model / "config.json").read_text() == "1"
    assert len(list((run.folder / "bundles").iterdir())) == 1


def test_a_new_run_needs_an_empty_folder(run: Run, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"run holds a run, expected a new folder, or --resume"):
        create_run(run.folder, run.spec)
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="file is not empty, expected a new folder"):
        create_run(tmp_path / "file", run.spec)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "expected JSON"), ('{"task": "a", "colour": 1}', "unknown field 'colour'")],
)
def test_a_malformed_run_file_is_named(run: Run, text: str, message: str) -> None:
    (run.folder / "run.json").write_text(text)
    with pytest.raises(TrainingError, match=rf"run\.json: .*{message}"):
        open_run(run.folder)


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.json", b"{}")
    (tmp_path / ".a.json.123").touch()
    (tmp_path / ".000001.123").mkdir()
    with atomic_folder(tmp_path / "000002") as folder:
        (folder / "x").touch()
    remove_leftovers(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["000002", "a.json"]
