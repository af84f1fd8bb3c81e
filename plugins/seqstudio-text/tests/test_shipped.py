"""The included models: small, documented, and as the manifest says."""

import tomllib
from pathlib import Path

import pytest
import seqstudio_text
from seqstudio_text.classify.operation import judge
from seqstudio_text.classify.task import ClassifyTask
from seqstudio_text.translate.search import translate_lines
from seqstudio_text.translate.task import TranslateTask

from seqstudio.contracts.manifest import parse_manifest
from seqstudio.core.parts import with_plugin_parts
from seqstudio.host.worker.task_check import check_task
from seqstudio.services.bundle_files import verify_files
from seqstudio.services.bundles import load_bundle

PACKAGE = Path(seqstudio_text.__file__).parent
MANIFEST = parse_manifest(tomllib.loads((PACKAGE / "seqstudio.toml").read_text()), "manifest")
TASKS = {task.name: task for task in seqstudio_text.seqstudio_tasks()}


@pytest.mark.parametrize("name", [model.name for model in MANIFEST.models])
def test_every_model_has_its_declared_hash_and_a_whole_card(name: str) -> None:
    (entry,) = [model for model in MANIFEST.models if model.name == name]
    facts = verify_files(PACKAGE / entry.path)

    assert facts.sha256 == entry.sha256
    assert facts.size < 12 * 2**20
    card = facts.card
    assert all((card.licence, card.source, card.description, card.data_sha256, card.seeds))
    assert card.metrics[0].name == TASKS[entry.task].monitor


def test_the_manifest_is_what_the_code_says() -> None:
    assert {entry.name for entry in MANIFEST.tasks} == set(TASKS)
    assert {o.name for o in MANIFEST.operations} == {
        o.name for o in seqstudio_text.seqstudio_operations()
    }
    for entry in MANIFEST.tasks:
        check_task(entry, TASKS[entry.name])


def test_a_caption_is_translated() -> None:
    model = load_bundle(PACKAGE / "models" / "translate-en-de", TranslateTask())
    ((best,),) = translate_lines(model, ["Two dogs are running through the snow."])

    assert best.text == "Zwei Hunde laufen durch den Schnee."


def test_the_sentiment_of_plain_sentences_is_right() -> None:
    parts = with_plugin_parts(seqstudio_text.seqstudio_parts())
    model = load_bundle(PACKAGE / "models" / "sentiment-en", ClassifyTask(), parts=parts)

    assert judge(model, "Wonderful food and friendly people!").label == "positive"
    assert judge(model, "A dull and boring film.").label == "negative"
