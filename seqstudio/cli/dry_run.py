"""`--dry-run`: what a batch will take, and whether the disk holds it, without running it."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from seqstudio.cli.output import echo, to_json
from seqstudio.host.jobs.estimate import Estimate, write_samples
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import format_duration, format_size, one_line

LEAST_ITEMS = 5  # a single short recording tells how long a model takes to load, and little else


def dry_run(studio: Studio, spec: JobSpec, *, as_json: bool) -> None:
    """Print the files and hours of a batch, when it would end, and the space that it needs.

    A speed that fewer than `LEAST_ITEMS` earlier items tell is measured on parts of recordings.

    Raises
    ------
    SeqStudioError
        If the job could not be started, or the sample cannot be done.
    """
    found = studio.estimate(spec)
    known = found.speed.items if found.speed else 0
    if known < LEAST_ITEMS and (typical := found.sound.typical):
        echo(f"measuring the speed on {len(typical)} recordings", err=True)
        with tempfile.TemporaryDirectory() as folder:
            samples = write_samples(typical, Path(folder))
            studio.submit(replace(spec, inputs={"audio": samples}, out=None, workers=1)).wait()
        found = studio.estimate(spec)
    if as_json:
        echo(to_json(found))
        return
    for line in lines(found, datetime.now().astimezone()):
        echo(one_line(line))


def lines(found: Estimate, now: datetime) -> Iterator[str]:
    """Yield what the user reads of an estimate."""
    yield from found.notes
    yield from (f"cannot be read: {line}" for line in found.sound.unreadable)
    yield f"{found.sound.files} files, {found.sound.audio_s / 3600:.2f} hours of audio"
    if found.speed is None or found.work_s is None or found.output_bytes is None:
        yield "the speed of this model on this machine is not known; nothing was measured"
        return
    duration, end = format_duration(found.work_s), now + timedelta(seconds=found.work_s)
    times = 1 / found.speed.seconds_per_second
    yield (
        f"about {duration}, until {end:%Y-%m-%d %H:%M}: {times:.1f} times real time a worker, "
        f"measured on {found.speed.items} recording{'' if found.speed.items == 1 else 's'}"
    )
    needed, free = format_size(found.output_bytes), format_size(found.free_bytes)
    short = " - NOT ENOUGH" if found.output_bytes > found.free_bytes else ""
    yield f"results need about {needed}; {free} are free{short}"
