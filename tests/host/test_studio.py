from collections.abc import Callable
from pathlib import Path

from seqstudio.host.jobs.events import ItemDone, ItemProgress, ItemStarted, JobFinished
from seqstudio.host.studio import JobSpec, Studio


def test_an_operation_runs_in_a_worker_and_writes_its_outputs(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "b.txt")
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=tmp_path / "out")
    events = list(shouter.submit(spec).events())

    assert (tmp_path / "out/a.txt").read_text() == "A"
    assert (tmp_path / "out/b.txt").read_text() == "B"
    assert [type(event) for event in events if not isinstance(event, ItemProgress)] == [
        ItemStarted,
        ItemDone,
        ItemStarted,
        ItemDone,
        JobFinished,
    ]
    assert events[-1] == JobFinished(state="done", done=2)
