"""Measure the time to a result from a new worker process (cold) and from a running one (warm).

Targets: 8 s cold, 150 ms warm. A short recording is transcribed and a folk tune is continued by
four bars, each in a fresh profile; median wall time from submission to the result on disk. Run
`python benchmarks/bench_first_result.py`.
"""

import statistics
import tempfile
import time
from pathlib import Path

from seqstudio.host.jobs.events import ItemDone
from seqstudio.host.studio import JobSpec, Studio

ROUNDS = 5
ASSETS = Path(__file__).parents[1] / "assets"
SPECS = (
    JobSpec(
        plugin="speech",
        name="transcribe",
        inputs={"audio": (ASSETS / "speech" / "an2-mblw-b.flac",)},
        formats=("json",),
    ),
    JobSpec(
        plugin="music",
        name="continue",
        inputs={"primer": (ASSETS / "music" / "greensleeves.mid",)},
        options={"bars": 4},
        seed=5,
    ),
)


def seconds_to_result(studio: Studio, spec: JobSpec) -> float:
    started = time.perf_counter()
    for event in studio.submit(spec).events():
        if isinstance(event, ItemDone):
            return time.perf_counter() - started
    raise RuntimeError(f"{spec.name}: no result")


def main() -> None:
    for spec in SPECS:
        cold, warm = [], []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as home:
                studio = Studio(Path(home), warm=True)
                cold.append(seconds_to_result(studio, spec))
                warm += [seconds_to_result(studio, spec) for _ in range(2)]
                studio.close()
        print(f"{spec.name}: {statistics.median(cold):.2f} s cold (target 8)")
        print(f"{spec.name}: {1000 * statistics.median(warm):.0f} ms warm (target 150)")


if __name__ == "__main__":
    main()
