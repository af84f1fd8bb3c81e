"""A plugin that the app has never heard of: all it knows of it is the manifest."""

import time
from collections.abc import Iterable, Iterator

from seqstudio.api import Job, Operation, Request, Result, hookimpl


class Echo:
    """Says a text again; "slow" takes a minute, "bad" cannot be said."""

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
        said = job.folder / "echo.txt"
        said.write_text(text * request.options["times"])
        counts = job.folder / "counts.tsv"
        counts.write_text(f"letters\t{len(text)}\n")
        yield Result(outputs={"echo": said, "counts": counts}, summary=f"{len(text)} letters")


class Weigh:
    """Tells the size of a file."""

    name = "weigh"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        weight = job.folder / "weight.tsv"
        weight.write_text(f"bytes\t{request.inputs['sound'][0].stat().st_size}\n")
        yield Result(outputs={"weight": weight})


class Learn:
    """Sings what it hears."""

    name = "learn"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        yield Result(outputs={"sung": request.inputs["song"][0]})


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    return [Echo(), Weigh(), Learn()]
