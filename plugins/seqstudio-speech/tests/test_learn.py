"""`seqstudio speech learn`: a model learns a new voice, and a training that spoils it is undone."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemFailed, ItemProgress, JobFinished
from seqstudio.host.jobs.spec import Verb
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.judgement import JUDGEMENT

Learn = Callable[..., Mapping[str, Any]]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "profile", workers=False)


@pytest.fixture
def learn(studio: Studio, tone_run: Path, corrected: Path) -> Learn:
    """Return a function that learns from the model of tones in this process."""

    def run_learn(
        run: Path,
        *settings: str,
        cancel: bool = False,
        verb: Verb = "learn",
        **arguments: Any,
    ) -> Mapping[str, Any]:
        resume = arguments.get("resume", False)
        usual = {"data": str(corrected), "run": str(run), "settings": settings}
        if verb == "learn":
            usual["share"] = 0.25
        spec = JobSpec(
            plugin="speech",
            verb=verb,
            name="speech.ctc",
            model="" if resume else str(tone_run),
            device="cpu",
            arguments=usual | arguments,
        )
        handle = studio.submit(spec)
        for event in handle.events():
            if cancel and isinstance(event, ItemProgress) and event.event.get("event") == "saved":
                handle.cancel()
            if isinstance(event, ItemFailed):
                raise AssertionError(event.reason)
            if isinstance(event, JobFinished):
                return event.value or {}
        raise AssertionError("no end")

    return run_learn


FAST = ("epochs=6", "learning_rate=0.01", "batch_size=4")


@pytest.mark.medium
def test_a_new_voice_is_learned_and_the_held_out_speaker_says_so(
    learn: Learn, studio: Studio, corrected: Path, tone_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    judged = learn(run, *FAST)
    card = inspect_bundle(run / "model").card

    assert judged["kept"]
    assert judged["after"]["value"] < judged["before"]["value"] - 0.2
    assert judged["difference"]["high"] < 0
    assert (judged["items"], judged["total"]) == (7, 28)
    assert card.held_out == {"groups": 1.0}
    assert card.command.startswith(f"seqstudio speech learn {corrected.name} --model ")
    assert json.loads((run / JUDGEMENT).read_text()) == judged
    measured = JobSpec(
        plugin="speech",
        verb="evaluate",
        name="speech.ctc",
        model=str(run),
        device="cpu",
        arguments={"data": str(corrected), "split": "valid"},
    )
    report = next(e.value for e in studio.submit(measured).events() if isinstance(e, JobFinished))
    assert report["cer"] == judged["after"]["value"]
    assert report["items"] == 7


@pytest.mark.medium
def test_weights_that_are_worse_are_taken_back(
    learn: Learn, tone_run: Path, tone_folder: Path, tmp_path: Path
) -> None:
    run, known = tmp_path / "run", str(tone_folder)
    judged = learn(run, "epochs=1", "learning_rate=5", "average_base=0", data=known)
    before, after = tone_run / "model", run / "model"

    assert not judged["kept"]
    assert judged["after"]["value"] > judged["before"]["value"]
    for name in ("weights.safetensors", "card.json"):
        assert (after / name).read_bytes() == (before / name).read_bytes()


@pytest.mark.medium
def test_a_run_that_was_cut_off_goes_on_and_is_judged_the_same(
    learn: Learn, tmp_path: Path
) -> None:
    whole = learn(tmp_path / "whole", *FAST)
    assert learn(tmp_path / "cut", *FAST, cancel=True) == {}
    assert not (tmp_path / "cut" / JUDGEMENT).exists()
    with pytest.raises(AssertionError, match=r"cut learns .*: go on with seqstudio speech learn"):
        learn(tmp_path / "cut", resume=True, verb="train")
    # the settings and the held-out share are those of the run
    assert learn(tmp_path / "cut", resume=True, share=0.5) == whole

    weights = [tmp_path / run / "model" / "weights.safetensors" for run in ("whole", "cut")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    with pytest.raises(AssertionError, match=r"cut is finished: its weights are kept; nothing to"):
        learn(tmp_path / "cut", *FAST, resume=True)


@pytest.mark.medium
def test_a_run_that_goes_on_reads_its_data_by_the_same_importer(
    learn: Learn, corrected: Path, tmp_path: Path
) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    shutil.copytree(corrected, data)  # with the table that an importer would be chosen for
    rows = [line.split("\t") for line in (data / "manifest.tsv").read_text().splitlines()[1:]]
    for name, _, text in rows[:12]:
        (data / name).with_suffix(".txt").write_text(text)
    learn(run, *FAST, data=str(data), importer="audio-with-text", cancel=True)

    assert learn(run, *FAST, data=str(data), resume=True)["total"] == 12


@pytest.mark.medium
def test_time_that_is_up_ends_the_training_and_it_is_judged(learn: Learn, tmp_path: Path) -> None:
    judged = learn(tmp_path / "run", "epochs=500", minutes=0.05)
    events = (tmp_path / "run" / "events.jsonl").read_text().splitlines()

    assert judged["items"] == 7
    assert json.loads(events[-1])["reason"] == "stopped"


@pytest.mark.medium
def test_letters_that_the_model_does_not_have_are_refused_by_name(
    learn: Learn, corrected: Path, tmp_path: Path
) -> None:
    table = (corrected / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    lines = [line.replace(corrected.name, "") for line in table]
    extra = corrected / "other.tsv"
    changed = lines[20].rpartition("\t")[0] + "\tA Q"
    extra.write_text("\n".join([*lines[:20], changed, *lines[21:]]) + "\n", encoding="utf-8")
    learn(tmp_path / "run", "epochs=1", data=str(extra))
    extra.unlink()
    ledger = json.loads((tmp_path / "run" / "ledger.json").read_text())

    assert len(ledger["refused"]) == 1
    assert "holds 'Q', expected only ' ABC'" in next(iter(ledger["refused"].values()))
