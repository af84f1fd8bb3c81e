"""A test plugin that the app knows only from its manifest."""

import time
from collections.abc import Iterable, Iterator

from seqstudio.api import Job, Operation, Request, Result, hookimpl


class Echo:
    """Repeats a text; for "slow" it takes a minute, and for "bad" it fails."""

    name = "echo"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        (path,) = request.inputs["words"]
        text = path.read_text()
        job.partial(f"{text}...")
        if text == "bad":
            print("a feather in the throat")
            raise ValueError("cannot be said")
        for tick in range(600 if text == "slow" else 0):
            job.progress(tick / 600, "clearing its throat")
            time.sleep(0.1)
        echo = job.folder / "echo.txt"
        echo.write_text(text * request.options["times"])
        counts = job.folder / "counts.tsv"
        counts.write_text(f"letters\t{len(text)}\n")
        yield Result(outputs={"echo": echo, "counts": counts}, summary=f"{len(text)} letters")


class Weigh:
    """Writes the size of a file."""

    name = "weigh"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        weight = job.folder / "weight.tsv"
        weight.write_text(f"bytes\t{request.inputs['sound'][0].stat().st_size}\n")
        yield Result(outputs={"weight": weight})


class Learn:
    """Returns its input."""

    name = "learn"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        yield Result(outputs={"sung": request.inputs["song"][0]})


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    return [Echo(), Weigh(), Learn()]
