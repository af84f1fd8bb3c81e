"""The included models: complete, small, documented, and unchanged in their output."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import seqstudio_music
from seqstudio_music import COMPOSERS, CONTINUERS
from seqstudio_music.drums.operations import Drums
from seqstudio_music.drums.task import DrumsTask
from seqstudio_music.latent.task import LatentTask
from seqstudio_music.operations import Continue, Generate
from seqstudio_music.rolls.composer import POLYPHONY_MODEL
from seqstudio_music.rolls.task import RollsTask
from seqstudio_music.voices.composer import CHORALE_MODEL, FOLK_MODEL
from seqstudio_music.voices.task import VoicesTask
from small_music import OneJob

from seqstudio.api import Operation
from seqstudio.api.nn import with_plugin_parts
from seqstudio.contracts.manifest import Manifest, parse_manifest
from seqstudio.services.bundle_files import BundleInfo, verify_files
from seqstudio.services.bundles import load_bundle
from seqstudio.services.golden import check_golden

PACKAGE = Path(seqstudio_music.__file__).parent
ASSETS = Path(__file__).parents[3] / "assets"
TASKS = {task.name: task for task in (RollsTask(), VoicesTask(), DrumsTask(), LatentTask())}
LIMIT_BYTES = 30 * 10**6
SHIPPED = (
    "rolls-jsb",
    "rolls-nottingham",
    "rolls-piano-midi",
    "rolls-musedata",
    "music-chorale",
    "music-folk",
    "music-drums",
)


def manifest() -> Manifest:
    path = PACKAGE / "seqstudio.toml"
    return parse_manifest(tomllib.loads(path.read_text()), str(path))


def shipped() -> dict[str, BundleInfo]:
    return {entry.name: verify_files(PACKAGE / entry.path) for entry in manifest().models}


def test_the_manifest_names_what_the_hooks_return() -> None:
    declared = manifest()

    assert {task.name for task in declared.tasks} == {
        t.name for t in seqstudio_music.seqstudio_tasks()
    }
    operations = {operation.name for operation in seqstudio_music.seqstudio_operations()}
    assert {o.name for o in declared.operations} == operations
    assert {p.name for p in declared.parts} == {p.name for p in seqstudio_music.seqstudio_parts()}
    returned = {(i.name, i.kind) for i in seqstudio_music.seqstudio_importers()}
    assert {(i.name, i.kind) for i in declared.importers} == returned
    for entry in declared.tasks:
        assert set(entry.presets) == set(TASKS[entry.name].presets)


def test_every_model_has_its_declared_hash_and_together_they_are_small() -> None:
    facts = shipped()

    assert set(facts) == set(SHIPPED)
    assert {entry.name: entry.sha256 for entry in manifest().models} == {
        name: one.sha256 for name, one in facts.items()
    }
    assert sum(one.size for one in facts.values()) < LIMIT_BYTES


def test_every_card_states_data_licence_command_and_metric() -> None:
    for name, facts in shipped().items():
        card = facts.card
        assert card.name == name
        assert all((card.licence, card.source, card.description, card.data_sha256, card.seeds))
        assert f"--run runs/{name} --preset {card.preset}" in card.command
        assert card.metrics[0].name == TASKS[card.task].monitor
        assert card.metrics[0].split == "valid"


@pytest.mark.parametrize(
    ("name", "limit"), [("rolls-jsb", 4.6), ("rolls-nottingham", 1.4), ("rolls-piano-midi", 7.0)]
)
def test_the_models_for_measuring_reach_their_target(name: str, limit: float) -> None:
    assert shipped()[name].card.metrics[0].value <= limit


def test_models_under_the_gpl_say_so_on_their_cards() -> None:
    facts = shipped()

    for name in ("music-folk", "rolls-nottingham"):
        assert "GPL-3.0" in facts[name].card.licence
    licence = Path(__file__).parents[1] / "LICENSES" / "GPL-3.0.txt"
    assert "GNU GENERAL PUBLIC LICENSE" in licence.read_text()


def test_the_default_models_of_primers_are_included() -> None:
    assert {CHORALE_MODEL, FOLK_MODEL, POLYPHONY_MODEL} <= {
        entry.name for entry in manifest().models
    }


@pytest.mark.medium
@pytest.mark.parametrize("name", SHIPPED)
def test_every_model_reproduces_its_golden_outputs(name: str, tmp_path: Path) -> None:
    facts, parts = shipped()[name], with_plugin_parts(seqstudio_music.seqstudio_parts())
    job = OneJob(
        {name: load_bundle(facts.path, TASKS[facts.task], parts=parts)}, tmp_path, chosen=name
    )
    entries = {entry.name: entry for entry in manifest().operations}

    def defaults(operation: str) -> dict[str, Any]:
        options = entries[operation].options
        return {name: option.default for name, option in options.items()}

    operations: list[Operation] = [Generate(COMPOSERS), Continue(CONTINUERS), Drums()]
    by_name = {operation.name: operation for operation in operations}
    checked = list(check_golden(facts.golden, by_name, defaults, ASSETS, job))

    assert checked
    assert [one for one in checked if not one.same] == []
