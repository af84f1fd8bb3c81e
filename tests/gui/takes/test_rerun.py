"""From a record to the job that makes the same take again; nothing is run."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.errors import SeqStudioError
from seqstudio.gui.operations.provenance import known_models
from seqstudio.gui.takes.record_text import why_not_again
from seqstudio.gui.takes.rerun import again
from seqstudio.gui.workspace.take_files import midi_file
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec
from seqstudio.services.atomic_files import sha256_of_file
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import AddNotes, AddTake


@pytest.fixture
def primer(workspace: Workspace, tune: Path) -> Take:
    take = Take.of(tune.read_bytes(), "tune")
    workspace.do(AddTake(take))
    workspace.do(AddNotes(take.id, 1, Notes.of((Note(0, 60, 480),))))
    return workspace.document.take(take.id)


@pytest.fixture
def written(workspace: Workspace, primer: Take) -> Path:
    return midi_file(primer, workspace.studio.profile)


@pytest.fixture
def made(workspace: Workspace, primer: Take, written: Path) -> Take:
    return replace(primer, id="made", parent=primer.id, record=_record(workspace, written))


def _record(workspace: Workspace, primer: Path, **changes: Any) -> dict[str, Any]:
    return {
        "plugin": "music",
        "operation": "continue",
        "inputs": {"primer": [{"path": str(primer), "sha256": sha256_of_file(primer)}]},
        "options": {"bars": 4, "repair": False, "temperature": 0.8},
        "base_seed": 5,
        "take": 2,
        "device": "cpu",
        "model": {
            "name": "music-folk",
            "sha256": workspace.studio.models.find("music-folk").sha256,
        },
        **changes,
    }


def test_the_job_has_all_that_the_record_has(
    workspace: Workspace, made: Take, written: Path
) -> None:
    spec = again(made, workspace.document, workspace.studio)
    assert (spec.plugin, spec.name, spec.model, spec.device) == (
        *("music", "continue", "music-folk", "cpu"),
    )
    assert (spec.seed, spec.first_take, spec.takes) == (5, 2, 1)
    assert spec.options == {"bars": 4, "repair": False, "temperature": 0.8}
    assert spec.inputs == {"primer": (written,)}


def test_an_input_that_is_not_there_any_more_is_found_as_a_take_of_the_session(
    workspace: Workspace, made: Take, written: Path
) -> None:
    content = written.read_bytes()
    written.unlink()
    (found,) = again(made, workspace.document, workspace.studio).inputs["primer"]
    assert found.read_bytes() == content


def test_an_input_that_was_brought_in_is_found_although_the_take_was_edited(
    workspace: Workspace, made: Take, tune: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "tune.mid"
    moved.write_bytes(tune.read_bytes())
    record = _record(workspace, moved)
    moved.write_bytes(b"another")
    (found,) = again(replace(made, record=record), workspace.document, workspace.studio).inputs[
        "primer"
    ]
    assert found != moved
    assert found.read_bytes() == tune.read_bytes()


def test_an_input_that_is_nowhere_is_named(workspace: Workspace, made: Take, written: Path) -> None:
    lost = {"primer": [{"path": str(written), "sha256": "0" * 64}]}
    with pytest.raises(SeqStudioError, match=r"^tune\.mid: changed or gone since, expected it"):
        again(
            replace(made, record={**made.record, "inputs": lost}),
            workspace.document,
            workspace.studio,
        )


def test_a_model_is_known_by_its_hash(workspace: Workspace, made: Take) -> None:
    renamed = {**made.record["model"], "name": "once called so"}
    take = replace(made, record={**made.record, "model": renamed})
    assert again(take, workspace.document, workspace.studio).model == "music-folk"

    other = {"name": "music-folk", "sha256": "0" * 64}
    take = replace(made, record={**made.record, "model": other})
    with pytest.raises(
        SeqStudioError, match=r"^model music-folk: not installed any more as it was"
    ):
        again(take, workspace.document, workspace.studio)


def test_a_model_that_is_in_its_run_folder_still_is_found_there(
    workspace: Workspace, made: Take, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "mine"
    bundle = run / "model"
    shutil.copytree(workspace.studio.models.find("music-folk").path, bundle)
    (run / "run.json").write_text("{}")
    golden = bundle / "golden.json"
    golden.write_text(golden.read_text() + "\n")
    hashes = json.loads((bundle / "hashes.json").read_text())
    hashes["golden.json"] = sha256_of_file(golden)
    (bundle / "hashes.json").write_text(json.dumps(hashes))
    task, arguments = "music.voices", {"run": str(run)}
    workspace.studio.enqueue(JobSpec(plugin="music", verb="train", name=task, arguments=arguments))

    found = workspace.studio.models.find(str(run))
    assert found.sha256 != workspace.studio.models.find("music-folk").sha256
    model = {"name": found.name, "sha256": found.sha256}
    take = replace(made, record={**made.record, "model": model})
    catalogue = workspace.studio.catalogue
    assert why_not_again(take, catalogue, known_models(workspace.studio)) == ""
    assert again(take, workspace.document, workspace.studio).model == str(run)

    shutil.rmtree(run)
    gone = f"Model {found.name} is not installed."
    assert why_not_again(take, catalogue, known_models(workspace.studio)) == gone


def test_without_the_plugin_there_is_no_job(workspace: Workspace, made: Take) -> None:
    take = replace(made, record={**made.record, "plugin": "parrot"})
    with pytest.raises(SeqStudioError, match=r"^no plugin 'parrot'"):
        again(take, workspace.document, workspace.studio)
