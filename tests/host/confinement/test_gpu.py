"""A confined worker reaches the device files of a GPU, and nothing else that is new."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.confinement import landlock
from seqstudio.host.jobs.events import JobFinished
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.runs import open_run

LETTERS = Path(__file__).parents[2] / "plugins/letters"
CODE = "import torch\nprint('device:', torch.cuda.get_device_name(), flush=True)\n"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock"),
]


def test_a_strangers_training_runs_confined_on_a_gpu(site: Any, home: Path, tmp_path: Path) -> None:
    data = tmp_path / "data/words.txt"
    data.parent.mkdir()
    data.write_text("abc\nbcd\ncde\ndea\nabcd\n" * 4)
    site.install("letters", "", CODE + (LETTERS / "__init__.py").read_text())
    shutil.copy(LETTERS / "seqstudio.toml", site.folder / "plugin_letters")
    run = tmp_path / "run"
    arguments = {"data": str(data), "run": str(run), "preset": "tiny"}
    spec = JobSpec(
        plugin="letters", verb="train", name="letters.words", arguments=arguments, device="cuda"
    )
    finished = list(Studio(home).submit(spec).events())[-1]

    assert isinstance(finished, JobFinished)
    assert finished.state == "done", finished.reason
    assert open_run(run).finished() is not None
    assert "device: " in (home / "jobs/1/worker.log").read_text()
