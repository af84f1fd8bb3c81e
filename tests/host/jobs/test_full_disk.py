"""Outputs that cannot be written: each fails by name, and nothing half-written stays."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seqstudio.errors import JobError
from seqstudio.host.jobs.events import ItemFailed
from seqstudio.host.jobs.outputs import remove_temporary_files, stage
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.atomic_files import sha256_of_file


def test_an_unwritable_out_fails_the_item_in_one_line(
    shouter: Studio, words: Callable[..., Path]
) -> None:
    spec = JobSpec(
        plugin="tiny", name="shout", inputs={"words": (words("a.txt"),)}, out=Path("/proc/out")
    )
    (failed,) = [e for e in shouter.submit(spec).events() if isinstance(e, ItemFailed)]
    assert failed.reason.startswith("/proc/out/a.txt: cannot be written: ")


def test_an_out_below_a_file_is_refused_at_once(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "b.txt")
    spec = JobSpec(
        plugin="tiny", name="shout", inputs={"words": (folder,)}, out=folder / "a.txt" / "out"
    )
    with pytest.raises(JobError, match=r"a\.txt: a file, expected a folder that can be written$"):
        shouter.submit(spec)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[int]:
    """Limit files to 1 MB; a larger one fails as on a full disk."""
    (tmp_path / "large").write_bytes(bytes(2**21))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    yield 2**20
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "large"
    with pytest.raises(JobError, match=r"out/big: cannot be written: File too large$"):
        stage(source, tmp_path / "out/big", sha256_of_file(source), "1")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_in_the_worker_fails_the_item_in_one_line(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path, small_disk: int
) -> None:
    folder = words("a.txt", "b.txt")
    (folder / "a.txt").write_text("x" * (small_disk // 2))
    spec = JobSpec(
        plugin="tiny",
        name="shout",
        inputs={"words": (folder,)},
        out=tmp_path / "out",
        options={"times": 3},
    )
    events = list(shouter.submit(spec).events())
    (failed,) = [event for event in events if isinstance(event, ItemFailed)]
    scratch = shouter.profile.jobs / "1" / "1"
    target = tmp_path / "out" / "a.txt"
    assert failed.reason == f"{target}: cannot be written: File too large, in {scratch}"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.txt"]


def test_only_the_temporary_files_of_a_target_and_attempt_are_removed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"text")
    out = tmp_path / "out"
    targets = [out / ("n" * 240 + ".txt"), out / ("n" * 240 + ".srt")]
    sha256 = sha256_of_file(source)
    files = {
        (target, attempt): stage(source, target, sha256, attempt)
        for target in targets
        for attempt in ("1-1-1", "1-1-11")
    }
    remove_temporary_files(targets[:1], "1-1-1")
    left = [path for path in files.values() if path.exists()]
    remove_temporary_files(targets[:1])

    assert left == [path for key, path in files.items() if key != (targets[0], "1-1-1")]
    assert [path.exists() for path in files.values()] == [False, False, True, True]
