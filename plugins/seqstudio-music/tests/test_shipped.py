"""What ships: every model is whole, small, and says where it comes from and how good it is."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import seqstudio_music
from seqstudio_music.continuing import Continue
from seqstudio_music.generate import Generate
from seqstudio_music.primers import CHORALE_MODEL, FOLK_MODEL, OTHER_MODEL
from seqstudio_music.rolls import RollsTask
from seqstudio_music.voices import VoicesTask
from small_music import OneJob

from seqstudio.api import Operation
from seqstudio.contracts.manifest import Manifest, parse_manifest
from seqstudio.services.bundle_files import BundleInfo, verify_files
from seqstudio.services.bundles import load_bundle
from seqstudio.services.golden import check_golden

PACKAGE = Path(seqstudio_music.__file__).parent
ASSETS = Path(__file__).parents[3] / "assets"
TASKS = {task.name: task for task in (RollsTask(), VoicesTask())}
LIMIT_BYTES = 20 * 2**20


def manifest() -> Manifest:
    path = PACKAGE / "seqstudio.toml"
    return parse_manifest(tomllib.loads(path.read_text()), str(path))


def shipped() -> dict[str, BundleInfo]:
    return {entry.name: verify_files(PACKAGE / entry.path) for entry in manifest().models}


def test_the_manifest_names_what_the_hooks_offer() -> None:
    told = manifest()

    assert {task.name for task in told.tasks} == {t.name for t in seqstudio_music.seqstudio_tasks()}
    assert {o.name for o in told.operations} == {"generate", "continue"}
    offered = {(i.name, i.kind) for i in seqstudio_music.seqstudio_importers()}
    assert {(i.name, i.kind) for i in told.importers} == offered
    for entry in told.tasks:
        assert set(entry.presets) == set(TASKS[entry.name].presets)


def test_every_model_is_as_its_hash_says_and_together_they_are_small() -> None:
    facts = shipped()

    assert set(facts) == {"rolls-jsb", "rolls-nottingham", "music-chorale", "music-folk"}
    assert {entry.name: entry.sha256 for entry in manifest().models} == {
        name: one.sha256 for name, one in facts.items()
    }
    assert sum(one.size for one in facts.values()) < LIMIT_BYTES


def test_every_card_says_data_licence_recipe_and_figure() -> None:
    for name, facts in shipped().items():
        card = facts.card
        assert card.name == name
        assert all((card.licence, card.source, card.description, card.data_sha256, card.seeds))
        assert f"--run runs/{name} --preset {card.preset}" in card.command
        assert card.metrics[0].name == TASKS[card.task].monitor
        assert card.metrics[0].split == "valid"


@pytest.mark.parametrize(("name", "limit"), [("rolls-jsb", 5.6), ("rolls-nottingham", 2.5)])
def test_the_measurement_models_are_good_enough_to_measure_with(name: str, limit: float) -> None:
    assert shipped()[name].card.metrics[0].value <= limit


def test_what_is_under_the_gpl_says_so() -> None:
    facts = shipped()

    for name in ("music-folk", "rolls-nottingham"):
        assert "GPL-3.0" in facts[name].card.licence
    licence = Path(__file__).parents[1] / "LICENSES" / "GPL-3.0.txt"
    assert "GNU GENERAL PUBLIC LICENSE" in licence.read_text()


def test_the_models_that_primers_ask_for_are_there() -> None:
    assert {CHORALE_MODEL, FOLK_MODEL, OTHER_MODEL} <= {entry.name for entry in manifest().models}


@pytest.mark.medium
@pytest.mark.parametrize("name", ["rolls-jsb", "rolls-nottingham", "music-chorale", "music-folk"])
def test_every_model_still_answers_as_when_it_was_shipped(name: str, tmp_path: Path) -> None:
    facts = shipped()[name]
    job = OneJob({name: load_bundle(facts.path, TASKS[facts.task])}, tmp_path, chosen=name)
    entries = {entry.name: entry for entry in manifest().operations}

    def defaults(operation: str) -> dict[str, Any]:
        options = entries[operation].options
        return {option: told.default for option, told in options.items()}

    operations: dict[str, Operation] = {"generate": Generate(), "continue": Continue()}
    checked = list(check_golden(facts.golden, operations, defaults, ASSETS, job))

    assert checked
    assert [one for one in checked if not one.same] == []
