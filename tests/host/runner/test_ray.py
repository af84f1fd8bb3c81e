"""Workers on a Ray cluster of two machines, which are two sets of Ray's processes on this one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs import events
from seqstudio.host.studio import JobSpec, Studio
from tests.host.conftest import Site

pytest.importorskip("ray", reason="needs the extra `ray`")
pytestmark = pytest.mark.medium

SPEECH = Path(__file__).parents[3] / "assets" / "speech"
CODE = """
import os, time
from pathlib import Path


def where(request, job):
    (path,) = request.inputs["words"]
    found = [path.read_text(), path, __file__, os.environ.get("SEQSTUDIO_HOME")]
    yield Result(outputs={"text": "\\n".join(map(str, found))})


def slow(request, job):
    (path,) = request.inputs["words"]
    kept = [*job.pieces().kept]
    began_at = len(kept)
    while len(kept) < 20:
        time.sleep(0.1)
        kept.append(len(kept))
        job.pieces().keep(kept[-1])
        job.progress(len(kept) / 20)
    yield Result(outputs={"text": f"{path.name} {kept}"}, details={"began_at": began_at})


def broken(request, job):
    (path,) = request.inputs["words"]
    if path.stem == "bad":
        raise ValueError(path)
    os.kill(os.getpid(), 9)
    yield


RUN = {"where": where, "slow": slow, "broken": broken}
"""


class Cluster:
    """Two machines with a CPU each."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster as LocalCluster

        machine = {
            "num_cpus": 1,
            "object_store_memory": 80 * 2**20,
            "include_dashboard": False,
            "include_log_monitor": False,  # fewer processes, to start within Ray's time limits
            "no_monitor": True,
        }
        self._cluster = LocalCluster(initialize_head=True, head_node_args=machine)
        self._second = self._cluster.add_node(**machine)
        self.address: str = self._cluster.address

    def kill_machine(self) -> None:
        """Kill all processes of a machine at once."""
        self._cluster.remove_node(self._second, allow_graceful=False)

    def close(self) -> None:
        import ray

        ray.shutdown()
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.delenv("SEQSTUDIO_HOME", raising=False)
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        cluster = Cluster()
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster
        cluster.close()


@pytest.fixture(autouse=True)
def disconnected() -> Iterator[None]:
    """Disconnect after each test: a connection carries the code of its first job."""
    yield
    import ray

    ray.shutdown()


@pytest.fixture
def run_places(site: Site, home: Path, tmp_path: Path) -> Callable[..., Iterator[events.JobEvent]]:
    """Return a function that runs an operation of the plugin above on the cluster."""
    site.batch("places", CODE, ("where", "slow", "broken"))

    def run(name: str, source: Path, **values: Any) -> Iterator[events.JobEvent]:
        job = JobSpec(
            plugin="places",
            name=name,
            inputs={"words": (source,)},
            out=tmp_path / "out",
            executor="ray",
            **values,
        )
        return Studio(home).submit(job).events()

    return run


def test_a_worker_gets_code_and_files_by_value_in_a_folder_of_its_own(
    cluster: Cluster, run_places: Any, site: Site, words: Callable[..., Path], tmp_path: Path
) -> None:
    *_, ended = run_places("where", words("a.txt", "b ü.txt"), workers=2)

    assert (ended.state, ended.done) == ("done", 2)
    for name in ("a", "b ü"):
        text, file, code, profile = (tmp_path / "out" / f"{name}.txt").read_text().splitlines()
        assert (text, Path(file).name, profile) == (name, f"{name}.txt", "None")
        for path in (file, code):
            assert not Path(path).is_relative_to(tmp_path)
        assert not Path(file).exists()  # its folder went with the worker


def test_transcripts_equal_those_of_local_workers(cluster: Cluster, tmp_path: Path) -> None:
    texts = {}
    for executor in ("local", "ray"):
        job = JobSpec(
            plugin="speech",
            name="transcribe",
            inputs={"audio": (SPEECH,)},
            out=tmp_path / executor,
            formats=("json",),
            executor=executor,
            workers=2,
            device="cpu",
        )
        ended = Studio(tmp_path / f"home-{executor}").submit(job).wait()
        assert ended.state == "done"
        found = sorted((tmp_path / executor).glob("*.json"))
        texts[executor] = {path.name: path.read_text() for path in found}

    assert len(texts["local"]) == 5
    assert texts["ray"] == texts["local"]


def test_failures_name_the_file_of_this_machine(
    cluster: Cluster, run_places: Any, words: Callable[..., Path]
) -> None:
    source = words("bad.txt", "killed.txt")
    found = list(run_places("broken", source))

    failed = {
        Path(one.name).name: one.reason for one in found if isinstance(one, events.ItemFailed)
    }
    assert failed["bad.txt"] == f"places broken: ValueError: {source / 'bad.txt'}"
    assert "the worker of places ended by SIGKILL" in failed["killed.txt"]


def test_more_workers_than_cpus_are_refused(
    cluster: Cluster, run_places: Any, words: Callable[..., Path]
) -> None:
    *_, ended = run_places("where", words("a.txt"), workers=3)

    assert (ended.state, ended.done) == ("interrupted", 0)
    assert ended.reason == "workers=3, expected at most 2, the CPUs of the Ray cluster"


def test_a_machine_that_is_killed_loses_nothing(
    cluster: Cluster,
    run_places: Any,
    words: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = [f"{number}.txt" for number in range(6)]
    running = run_places("slow", words(*names), workers=2)
    found = []
    for event in running:
        found.append(event)
        if isinstance(event, events.ItemProgress) and event.fraction > 0.4:
            break
    cluster.kill_machine()
    found += running

    ended = found[-1]
    assert (ended.state, ended.done, ended.failed) == ("done", 6, 0)
    (notice,) = [one.text for one in found if isinstance(one, events.Notice)]
    assert notice.startswith("the machine of a worker is lost")
    done = [one for one in found if isinstance(one, events.ItemDone)]
    assert sorted(Path(one.name).name for one in done) == names
    assert any(one.details["began_at"] > 0 for one in done)  # from the last piece that arrived
    for name in names:
        assert (tmp_path / "out" / name).read_text() == f"{name} {[*range(20)]}"
    assert "".join(capsys.readouterr()) == ""  # standard output may be JSON
