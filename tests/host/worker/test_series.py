"""A plugin trains a model with a head of its own, and draws futures of series through a job."""

import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.studio import JobSpec, Studio

TIDES = Path(__file__).parents[2] / "plugins" / "tides"
PERIOD = 8  # steps from high water to high water


def levels(phase: int, steps: int) -> list[int]:
    """Return levels of a tide in tenths."""
    return [round(10 * math.cos(2 * math.pi * (step + phase) / PERIOD)) for step in range(steps)]


def write_levels(path: Path, series: list[list[int]]) -> Path:
    path.write_text("\n".join(" ".join(map(str, one)) for one in series))
    return path


@pytest.fixture
def studio(site: Any, home: Path) -> Studio:
    shutil.copytree(TIDES, site.install("tides", "", ""), dirs_exist_ok=True)
    return Studio(home, workers=False)


def run(studio: Studio, **fields: Any) -> None:
    finished = studio.submit(JobSpec(plugin="tides", **fields)).wait()
    assert finished.state == "done", finished


@pytest.mark.medium
def test_a_plugin_trains_its_own_head_and_forecasts_through_a_job(
    studio: Studio, tmp_path: Path
) -> None:
    data = [levels(phase, steps) for phase in range(PERIOD) for steps in (18, 20, 22, 24)]
    source = write_levels(tmp_path / "tides.txt", data)
    arguments = {"data": str(source), "run": str(tmp_path / "run")}
    run(studio, verb="train", name="tides.levels", arguments=arguments)

    asked = write_levels(tmp_path / "asked.txt", [levels(0, 12), levels(3, 12)])
    for out in ("first", "again"):
        run(
            studio,
            name="forecast",
            model=str(tmp_path / "run"),
            inputs={"levels": (asked,)},
            out=tmp_path / f"{out}.txt",
            takes=2,
            seed=5,
        )
    for take in (1, 2):
        text = (tmp_path / f"first.{take}.txt").read_text()
        assert (tmp_path / f"again.{take}.txt").read_text() == text
        for line, phase in zip(text.splitlines(), (0, 3), strict=True):
            true = [level / 10 for level in levels(phase + 12, 6)]
            off = [abs(float(a) - b) for a, b in zip(line.split(), true, strict=True)]
            assert max(off) < 0.7
    assert (tmp_path / "first.1.txt").read_text() != (tmp_path / "first.2.txt").read_text()
