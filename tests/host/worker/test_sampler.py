"""An operation of a plugin samples an encoder-decoder, and searches with it, in a real worker."""

import importlib.util
import shutil
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemProgress
from seqstudio.host.studio import JobSpec, Studio

MIRROR = Path(__file__).parents[2] / "plugins" / "mirror"
WORDS = ["".join(letters) for length in (2, 3, 4) for letters in product("abc", repeat=length)]
ASKED = ["abc", "caab", "ba", "cc"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a model to reverse words, on one thread, and return its run."""
    import torch

    from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

    spec = importlib.util.spec_from_file_location("mirror", MIRROR / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["mirror"] = mirror = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mirror)
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "all.txt").write_text("\n".join(WORDS))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    job = TrainJob(data=folder / "all.txt", run=folder / "run")
    context = PluginContext(plugin="mirror", plugin_version="1.0")
    for _ in run_train_job(job, mirror.Mirror(), context):
        pass
    torch.set_num_threads(threads)
    return folder / "run"


@pytest.fixture
def studio(site: Any, home: Path, tmp_path: Path) -> Studio:
    """A studio with the plugin, and a file of words to reverse."""
    shutil.copytree(MIRROR, site.install("mirror", "", ""), dirs_exist_ok=True)
    (tmp_path / "asked.txt").write_text("\n".join(ASKED))
    return Studio(home)


@pytest.fixture
def lines_of(studio: Studio, trained: Path, tmp_path: Path) -> Callable[..., list[list[str]]]:
    """Return a function that runs an operation and returns the words of each line it writes."""

    def run(name: str, out: str, **fields: Any) -> list[list[str]]:
        fields |= {"inputs": {"words": (tmp_path / "asked.txt",)}, "out": tmp_path / out}
        spec = JobSpec(plugin="mirror", name=name, model=str(trained), **fields)
        finished = studio.submit(spec).wait()
        assert finished.state == "done", finished
        written = [tmp_path / out] if (tmp_path / out).exists() else []
        written += sorted(tmp_path.glob(out.replace(".", ".*.")))
        return [line.split() for path in written for line in path.read_text().splitlines()]

    return run


@pytest.mark.medium
def test_an_encoder_decoder_is_sampled_and_searched_through_a_job(
    lines_of: Callable[..., list[list[str]]], tmp_path: Path
) -> None:
    found = lines_of("search", "a.txt")
    assert [line[0] for line in found] == [word for word in ASKED for _ in range(2)]
    assert [line[1] for line in found[::2]] == [word[::-1] + "." for word in ASKED]
    assert all(float(a[3]) > float(b[3]) for a, b in zip(found[::2], found[1::2], strict=True))

    sampled = lines_of("sample", "b.txt", takes=3, seed=5)
    assert [line[0] for line in sampled] == ASKED * 3
    right = [line[1] == line[0][::-1] + "." for line in sampled]
    assert sum(right) >= 9

    lines_of("search", "again.a.txt")
    lines_of("sample", "again.b.txt", takes=3, seed=5)
    lines_of("sample", "third.txt", first_take=3, seed=5)
    for name in ("a.txt", "b.1.txt", "b.2.txt", "b.3.txt"):
        assert (tmp_path / f"again.{name}").read_bytes() == (tmp_path / name).read_bytes()
    assert (tmp_path / "b.3.txt").read_bytes() == (tmp_path / "third.txt").read_bytes()


@pytest.mark.medium
def test_a_model_is_adapted_through_a_job_and_stays_as_it_is(
    lines_of: Callable[..., list[list[str]]],
) -> None:
    ((before, after, again),) = lines_of("adapt", "a.txt")

    assert float(after) < float(before)
    assert again == before
    assert lines_of("adapt", "b.txt") == [[before, after, again]]


@pytest.mark.medium
def test_a_scorer_of_the_plugin_takes_part_in_a_search(
    lines_of: Callable[..., list[list[str]]],
) -> None:
    found = lines_of("search", "a.txt", options={"weight": 1.0})
    assert all(len(set(line[1])) <= 2 for line in found[::2])


@pytest.mark.medium
def test_a_beam_search_stops_when_its_job_is_cancelled(
    studio: Studio, trained: Path, tmp_path: Path, wait_for: Callable[..., Any]
) -> None:
    inputs, out = {"words": (tmp_path / "asked.txt",)}, tmp_path / "out.txt"
    spec = JobSpec(plugin="mirror", name="endless", model=str(trained), inputs=inputs, out=out)
    handle = studio.submit(spec)
    wait_for(handle.events(), lambda event: isinstance(event, ItemProgress))
    started = time.monotonic()
    handle.cancel()
    assert handle.wait().state == "cancelled"
    assert time.monotonic() - started < 4  # by itself: the host would wait for longer
