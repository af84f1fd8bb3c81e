"""How long a person waits for a first result: of a new worker, and of one that stayed.

Goals: 8 s cold, 150 ms warm. A spelled recording is transcribed, and a folk tune continued by four
bars, each in a fresh profile; wall time from the order to the result on the disk, medians. Run
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


def wait_s(studio: Studio, spec: JobSpec) -> float:
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
                cold.append(wait_s(studio, spec))
                warm += [wait_s(studio, spec) for _ in range(2)]
                studio.close()
        print(f"{spec.name}: {statistics.median(cold):.2f} s cold (goal 8)")
        print(f"{spec.name}: {1000 * statistics.median(warm):.0f} ms warm (goal 150)")


if __name__ == "__main__":
    main()
