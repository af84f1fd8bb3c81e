"""The job that generates a take again, from its provenance; no job is run."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.notes import Note
from seqstudio.errors import SeqStudioError
from seqstudio.gui.operations.provenance import known_models
from seqstudio.gui.takes.provenance_text import why_not_rerun
from seqstudio.gui.takes.rerun import rerun_spec
from seqstudio.gui.workspace.take_files import midi_file
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec
from seqstudio.services.atomic_files import sha256_of_file
from seqstudio.session.document import Take
from seqstudio.session.edits import AddNotes, AddTake
from seqstudio.session.note_array import Notes


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
    return replace(primer, id="made", parent=primer.id, provenance=_provenance(workspace, written))


def _provenance(workspace: Workspace, primer: Path, **changes: Any) -> dict[str, Any]:
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


def test_the_job_has_everything_in_the_provenance(
    workspace: Workspace, made: Take, written: Path
) -> None:
    spec = rerun_spec(made, workspace.document, workspace.studio)
    assert (spec.plugin, spec.name, spec.model, spec.device) == (
        *("music", "continue", "music-folk", "cpu"),
    )
    assert (spec.seed, spec.first_take, spec.takes) == (5, 2, 1)
    assert spec.options == {"bars": 4, "repair": False, "temperature": 0.8}
    assert spec.inputs == {"primer": (written,)}


def test_a_deleted_input_is_found_as_a_take_of_the_session(
    workspace: Workspace, made: Take, written: Path
) -> None:
    content = written.read_bytes()
    written.unlink()
    (found,) = rerun_spec(made, workspace.document, workspace.studio).inputs["primer"]
    assert found.read_bytes() == content


def test_an_imported_input_is_found_although_its_take_was_edited(
    workspace: Workspace, made: Take, tune: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "tune.mid"
    moved.write_bytes(tune.read_bytes())
    provenance = _provenance(workspace, moved)
    moved.write_bytes(b"another")
    (found,) = rerun_spec(
        replace(made, provenance=provenance), workspace.document, workspace.studio
    ).inputs["primer"]
    assert found != moved
    assert found.read_bytes() == tune.read_bytes()


def test_a_missing_input_is_named(workspace: Workspace, made: Take, written: Path) -> None:
    lost = {"primer": [{"path": str(written), "sha256": "0" * 64}]}
    with pytest.raises(SeqStudioError, match=r"^tune\.mid: changed or gone since, expected it"):
        rerun_spec(
            replace(made, provenance={**made.provenance, "inputs": lost}),
            workspace.document,
            workspace.studio,
        )


def test_a_model_is_identified_by_its_hash(workspace: Workspace, made: Take) -> None:
    renamed = {**made.provenance["model"], "name": "old name"}
    take = replace(made, provenance={**made.provenance, "model": renamed})
    assert rerun_spec(take, workspace.document, workspace.studio).model == "music-folk"

    other = {"name": "music-folk", "sha256": "0" * 64}
    take = replace(made, provenance={**made.provenance, "model": other})
    with pytest.raises(
        SeqStudioError, match=r"^model music-folk: not installed any more as it was"
    ):
        rerun_spec(take, workspace.document, workspace.studio)


def test_a_model_that_is_still_in_its_run_folder_is_found_there(
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
    take = replace(made, provenance={**made.provenance, "model": model})
    catalogue = workspace.studio.catalogue
    assert why_not_rerun(take, catalogue, known_models(workspace.studio)) == ""
    assert rerun_spec(take, workspace.document, workspace.studio).model == str(run)

    shutil.rmtree(run)
    gone = f"Model {found.name} is not installed."
    assert why_not_rerun(take, catalogue, known_models(workspace.studio)) == gone


def test_without_the_plugin_there_is_no_job(workspace: Workspace, made: Take) -> None:
    take = replace(made, provenance={**made.provenance, "plugin": "parrot"})
    with pytest.raises(SeqStudioError, match=r"^no plugin 'parrot'"):
        rerun_spec(take, workspace.document, workspace.studio)
