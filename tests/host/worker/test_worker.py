"""Worker processes: their environment, what they load, their start time, and their end."""

import os
import resource
import select
import subprocess
import sys
from collections.abc import Callable
from compileall import compile_dir
from pathlib import Path
from typing import Any

import pytest

import seqstudio
from seqstudio.contracts.messages import PluginSource, Ready, Start
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs.events import ItemDone, JobFinished
from seqstudio.host.jobs.plan import plan_job
from seqstudio.host.processes import is_alive, owner_name
from seqstudio.host.runner.grants import policy_of
from seqstudio.host.runner.worker_process import ProcessWorker
from seqstudio.host.studio import JobSpec, Studio

REPORT = """
import json, os, sys
from pathlib import Path

GROUP = Path("/proc/self/autogroup")


def report(request, job):
    found = {
        "modules": sorted(sys.modules),
        "flags": [sys.flags.isolated, sys.flags.no_site],
        "environment": sorted(os.environ),
        "threads": os.environ["OMP_NUM_THREADS"],
        "compiled": os.environ["NUMBA_CACHE_DIR"],
        "group": os.getsid(0) == os.getppid(),
        "nice": os.nice(0),
        "autogroup": GROUP.read_text() if GROUP.exists() else "",
        "input": sys.stdin.read(),
    }
    yield Result(outputs={"text": json.dumps(found)}, details=found)


RUN = {"report": report}
"""


@pytest.fixture
def reporter(site: Any, home: Path) -> Studio:
    site.batch("reporter", REPORT, ("report",))
    return Studio(home)


@pytest.mark.medium
@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="no autogroups here")
def test_nice_also_applies_to_other_sessions(reporter: Studio, words: Callable[..., Path]) -> None:
    inputs = {"words": (words("a.txt"),)}
    spec = JobSpec(plugin="reporter", name="report", inputs=inputs, nice=3)
    (done,) = [e for e in reporter.submit(spec).events() if isinstance(e, ItemDone)]
    assert done.details["autogroup"].endswith(f"nice {done.details['nice']}\n")


@pytest.mark.medium
def test_a_worker_has_a_clean_environment_and_loads_no_torch(
    reporter: Studio, words: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    kept = ("CUDA_DEVICE_ORDER", "CUBLAS_WORKSPACE_CONFIG", "PYTORCH_CUDA_ALLOC_CONF")
    for name in kept:
        monkeypatch.setenv(name, "x")
    inputs = {"words": (words("a.txt"),)}
    spec = JobSpec(plugin="reporter", name="report", inputs=inputs, nice=3)
    (done,) = [e for e in reporter.submit(spec).events() if isinstance(e, ItemDone)]
    found = done.details
    assert found["flags"] == [1, 1]
    assert "SECRET_TOKEN" not in found["environment"]
    assert set(kept) <= set(found["environment"])
    assert (found["threads"], found["group"], found["input"]) == ("1", True, "")
    assert found["nice"] == os.nice(0) + 3
    assert "GOMP_SPINCOUNT" in found["environment"]
    assert not {"torch", "site", "sqlite3", "click"} & set(found["modules"])


OPERATION = """
from seqstudio.api import hookimpl


class Nothing:
    name = "nothing"


@hookimpl
def seqstudio_operations():
    return [Nothing()]
"""


@pytest.mark.medium
def test_a_worker_is_ready_within_half_a_second_of_processor_time(
    site: Any, tmp_path: Path
) -> None:
    """As installed: pip compiles what it installs, and a worker itself writes no bytecode."""
    site.install("light", "", OPERATION)
    for root in (Path(seqstudio.__file__).parent, site.folder):
        compile_dir(root, quiet=1)
    times = []
    for _ in range(6):
        start = processor_seconds()
        worker = light_worker(tmp_path)
        assert [type(message) for message in receive(worker)] == [Ready]
        worker.kill()
        times.append(processor_seconds() - start)
    assert min(times) < 0.5  # 0.13 s on a fast machine, 0.2 s on a slow one that is busy


def test_a_worker_ends_when_its_host_is_gone(site: Any, tmp_path: Path) -> None:
    site.install("light", "", OPERATION)
    worker = light_worker(tmp_path)
    (ready,) = receive(worker)
    owner = owner_name(ready.pid)
    assert is_alive(owner)
    assert worker.end() == "exited with status 3"
    assert not is_alive(owner)


@pytest.mark.medium
def test_the_front_end_never_imports_torch_or_a_plugin(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from seqstudio.host.studio import *\n"
        f"studio = Studio(Path({str(shouter.profile.root)!r}))\n"
        f"inputs = {{'words': (Path({str(words('a.txt'))!r}),)}}\n"
        "spec = JobSpec(plugin='tiny', name='shout', inputs=inputs)\n"
        "assert studio.submit(spec).wait().done == 1\n"
        "bad = {'torch', 'numpy', 'plugin_tiny', 'seqstudio.host.worker.main', 'seqstudio.core'}\n"
        "assert not bad & set(sys.modules), bad & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=tmp_path)


def test_without_workers_the_same_loop_runs_on_a_thread(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    code = (
        "def shout(request, job):\n    yield Result(outputs={'text': str(PID)}, summary=str(PID))"
    )
    site.batch("near", f"import os\nPID = os.getpid()\n{code}\nRUN = {{'shout': shout}}\n")
    spec = JobSpec(plugin="near", name="shout", inputs={"words": (words("a.txt", "b.txt"),)})
    events = list(Studio(home, workers=False).submit(spec).events())
    assert [e.summary for e in events if isinstance(e, ItemDone)] == [str(os.getpid())] * 2
    assert events[-1] == JobFinished(state="done", done=2)


def test_two_workers_share_a_batch(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    code = """
    import os, time

    def meet(request, job):
        (path,) = request.inputs["words"]
        (job.folder.parent / f"{path.stem}.here").touch()
        other = job.folder.parent / ("b.here" if path.stem == "a" else "a.here")
        while not other.exists():
            job.progress(0.1)
            time.sleep(0.01)
        yield Result(outputs={"text": ""}, summary=str(os.getpid()))

    RUN = {"meet": meet}
    """
    site.batch("pair", code, ("meet",))
    inputs = {"words": (words("a.txt", "b.txt"),)}
    spec = JobSpec(plugin="pair", name="meet", inputs=inputs, workers=2, out=tmp_path / "out")
    events = list(Studio(home).submit(spec).events())
    assert len({e.summary for e in events if isinstance(e, ItemDone)}) == 2


def light_worker(folder: Path) -> ProcessWorker:
    paths = search_path()
    policy = Policy(read=tuple(paths), write=(str(folder),))
    worker = ProcessWorker(paths, folder / "log", policy, nice=0, threads=1)
    plugin = PluginSource(
        id="light",
        module="plugin_light",
        version="1",
        manifest={"operations": [{"name": "nothing"}]},
    )
    worker.send(Start(plugin=plugin, verb="operation", name="nothing", folder=str(folder)))
    return worker


def test_compiled_code_outlives_workers_of_the_box_and_is_not_shared_with_others(
    reporter: Studio, words: Callable[..., Path]
) -> None:
    inputs = {"words": (words("a.txt"),)}
    spec = JobSpec(plugin="reporter", name="report", inputs=inputs)
    (done,) = [e for e in reporter.submit(spec).events() if isinstance(e, ItemDone)]
    assert Path(done.details["compiled"]).is_relative_to(reporter.profile.jobs)

    box = JobSpec(plugin="speech", name="transcribe", inputs={"audio": (words("a.wav"),)})
    plan = plan_job(box, reporter.catalogue, reporter.models)
    policy = policy_of(plan, reporter.catalogue, reporter.profile, (), warm=True)
    assert policy.compiled == str(reporter.profile.compiled)


def receive(worker: ProcessWorker) -> list[Any]:
    assert select.select([worker], [], [], 20)[0]
    return worker.receive() or []


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
