"""Trainings from another model, and adapters, through the host."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import ConfigError, ModelError
from seqstudio.host.catalogue.card_text import card_rows
from seqstudio.host.jobs.events import ItemDone, JobFinished
from seqstudio.host.jobs.spec import as_resumed
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.runs import open_run

PLUGIN = Path(__file__).parents[2] / "plugins" / "letters"
WORDS = ["abc", "bcd", "cde", "dea", "eab", "abcd", "bcde", "cdea", "deab", "eabc"] * 2


@pytest.fixture
def studio(site: Any, home: Path, tmp_path: Path) -> Studio:
    """A studio with the letters plugin and an imported model named `whole`."""
    shutil.copytree(PLUGIN, site.install("letters", "", ""), dirs_exist_ok=True)
    (tmp_path / "words.txt").write_text("\n".join(WORDS))
    studio = Studio(home, workers=False)
    train(studio, tmp_path, "first")
    studio.models.add(tmp_path / "first", "whole")
    return studio


def spec(folder: Path, run: str, *settings: str, base: str = "") -> JobSpec:
    arguments = {
        "data": str(folder / "words.txt"),
        "run": str(folder / run),
        "settings": settings,
    }
    return JobSpec(
        plugin="letters", verb="train", name="letters.words", model=base, arguments=arguments
    )


def train(studio: Studio, folder: Path, run: str, *settings: str, base: str = "") -> JobFinished:
    finished = list(studio.submit(spec(folder, run, *settings, base=base)).events())[-1]
    assert isinstance(finished, JobFinished)
    assert finished.state == "done", finished
    return finished


def spell(studio: Studio, model: str, out: Path) -> list[str]:
    request = JobSpec(
        plugin="letters", name="spell", model=model, out=out, seed=1, options={"length": 8}
    )
    return [e.model for e in studio.submit(request).events() if isinstance(e, ItemDone)]


@pytest.mark.medium
def test_a_training_starts_from_an_installed_model_by_name(studio: Studio, tmp_path: Path) -> None:
    train(studio, tmp_path, "second", base="whole")
    base = open_run(tmp_path / "second").spec.base

    assert base is not None
    assert (base.name, base.sha256) == ("whole", studio.models.find("whole").sha256)
    rows = dict(card_rows(studio.models.find(str(tmp_path / "second"))))
    assert rows["started from"] == f"whole ({base.sha256[:12]})"


@pytest.mark.medium
def test_an_adapter_is_used_by_operations_with_the_base_that_its_run_or_the_profile_has(
    studio: Studio, tmp_path: Path
) -> None:
    train(studio, tmp_path, "small", "adapter=bias", base="whole")
    assert spell(studio, str(tmp_path / "small"), tmp_path / "one.txt") == ["small"]

    moved = tmp_path / "moved.seqmodel"
    studio.models.export(str(tmp_path / "small"), moved)
    shutil.rmtree(tmp_path / "small")
    assert studio.models.add(moved, "adapted").facts.config.base is not None
    assert spell(studio, "adapted", tmp_path / "two.txt") == ["adapted"]
    assert (tmp_path / "two.txt").read_bytes() == (tmp_path / "one.txt").read_bytes()


def test_an_adapter_whose_base_is_not_installed_is_refused_by_name(
    studio: Studio, tmp_path: Path
) -> None:
    train(studio, tmp_path, "small", "adapter=bias", base="whole")
    studio.models.add(tmp_path / "small", "adapted")
    studio.models.remove("whole")
    text = r"an adapter of whole \(sha256 [0-9a-f]{12}\), which is not installed"
    with pytest.raises(ModelError, match=text):
        studio.models.find("adapted")

    assert "adapted" not in [card.name for card in studio.models.cards()]
    assert list(studio.models.damaged()) == ["adapted"]
    assert spell(studio, str(tmp_path / "small"), tmp_path / "one.txt") == ["small"]


def test_a_base_of_another_task_is_refused_before_a_worker_starts(
    studio: Studio, tmp_path: Path
) -> None:
    manifest = next(path for path in studio.catalogue.plugin("letters").folder.glob("*.toml"))
    text = manifest.read_text()
    start = text.index("[[tasks]]")
    rest = text.find("\n[[", start + 1)
    entry = text[start : rest if rest > 0 else None]
    manifest.write_text(f"{text}\n{entry.replace('letters.words', 'letters.other')}\n")
    other = JobSpec(
        plugin="letters",
        verb="train",
        name="letters.other",
        model="whole",
        arguments={"data": str(tmp_path / "words.txt"), "run": str(tmp_path / "r")},
    )
    with pytest.raises(ConfigError, match=r"whole: a model of task letters\.words, exp"):
        studio.submit(other)


def test_a_job_that_continues_takes_the_base_of_its_run(tmp_path: Path) -> None:
    begun = spec(tmp_path, "run", base="whole")
    assert as_resumed(begun).model == "whole"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").touch()

    assert as_resumed(begun).model == ""
    assert as_resumed(begun).arguments["resume"] is True
