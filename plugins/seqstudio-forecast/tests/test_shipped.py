"""The included model: small, documented, and as its manifest says."""

import tomllib
from pathlib import Path

import seqstudio_forecast
from seqstudio_forecast.task import SeriesTask

from seqstudio.contracts.manifest import parse_manifest
from seqstudio.services.bundle_files import verify_files
from seqstudio.services.bundles import load_bundle

PACKAGE = Path(seqstudio_forecast.__file__).parent


def test_the_model_has_its_declared_hash_and_a_whole_card() -> None:
    path = PACKAGE / "seqstudio.toml"
    (entry,) = parse_manifest(tomllib.loads(path.read_text()), str(path)).models
    facts = verify_files(PACKAGE / entry.path)

    assert facts.sha256 == entry.sha256
    assert facts.size < 200_000
    card = facts.card
    assert all((card.licence, card.source, card.description, card.data_sha256, card.seeds))
    assert card.metrics[0].name == SeriesTask.monitor
    values = {metric.name: metric.value for metric in card.metrics}
    assert values["crps"] < values["crps_seasonal_naive"] < values["crps_random_walk"]


def test_the_model_loads() -> None:
    loaded = load_bundle(PACKAGE / "models" / "forecast-small", SeriesTask())

    assert loaded.settings.horizon == 24
