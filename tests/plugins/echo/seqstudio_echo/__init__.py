"""A plugin for tests of the command line."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from seqstudio.api import DataError, Job, Operation, Request, Result, hookimpl


class Repeat:
    """Says a text again, with every option in it."""

    name = "repeat"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Refuse an empty text; else repeat it."""
        (path,) = request.inputs["text"]
        if not path.is_file():
            raise DataError(f"{path}: no such file, expected a text")
        text = path.read_text(encoding="utf-8").strip()
        if not text:
            raise DataError(f"{path}: 0 characters, expected a text")
        options = request.options
        words = [text] * options["times"] + list(options["word"] or ())
        if options["list"]:
            words += Path(options["list"]).read_text(encoding="utf-8").split()
        said = " ".join(words) + options["ending"]
        said = f"{options['mood']}, {options['gain']}: {said}"
        yield Result(outputs={"text": said.upper() if options["loud"] else said}, summary="said")


class Count:
    """Takes its time over every take."""

    name = "count"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the seed of each take."""
        for take in request.takes:
            end = time.monotonic() + request.options["seconds"]
            while (left := end - time.monotonic()) > 0:
                if not request.options["stubborn"]:  # deaf to a cancel, which comes by progress
                    job.progress(1 - left / request.options["seconds"], "counting")
                time.sleep(0.02)
            yield Result(outputs={"number": str(take.seed)}, take=take.number, summary="counted")


class Listen:
    """Says how much it heard."""

    name = "listen"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Count bytes."""
        yield Result(outputs={"heard": str(sum(map(len, job.input_blocks())))})


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Offer all operations."""
    return [Repeat(), Count(), Listen()]
