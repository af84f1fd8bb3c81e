"""What a batch will take, before it runs: hours of audio, time, and space on the disk."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from seqstudio.contracts.audio import AudioSource
from seqstudio.errors import DataError
from seqstudio.host.jobs.database import JobDatabase, to_text
from seqstudio.host.jobs.experience import LATEST, work_and_audio_s
from seqstudio.host.jobs.outputs import nearest_existing
from seqstudio.host.jobs.plan import JobPlan
from seqstudio.host.text_format import printable

SAMPLES = 5  # recordings by which the speed is measured if no batch has told it
SAMPLE_S = 30.0  # of each, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast earlier items of the same operation and models were done."""

    items: int
    seconds_per_second: float  # of work for audio, one worker: the real-time factor
    bytes_per_second: float  # of results for audio


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The recordings of a batch."""

    files: int
    audio_s: float
    unreadable: tuple[str, ...] = ()  # a line for each
    typical: tuple[Path, ...] = ()  # some of about the median length


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a batch will take; None where no speed is known."""

    sound: Sound
    speed: Speed | None
    work_s: float | None
    output_bytes: int | None
    free_bytes: int  # where the results go
    notes: tuple[str, ...] = ()


def estimate(plan: JobPlan, database: Path, folder: Path) -> Estimate:
    """Estimate a batch of recordings from what is known of earlier ones.

    Parameters
    ----------
    plan : of a job with audio as inputs
    database : of the jobs
    folder : where results go if the job names no place
    """
    sound = sound_of(plan)
    speed = known_speed(plan, database)
    return Estimate(
        sound=sound,
        speed=speed,
        work_s=sound.audio_s * speed.seconds_per_second / plan.spec.workers if speed else None,
        output_bytes=round(sound.audio_s * speed.bytes_per_second) if speed else None,
        free_bytes=shutil.disk_usage(nearest_existing(plan.spec.out or folder)).free,
        notes=plan.notes,
    )


def sound_of(plan: JobPlan) -> Sound:
    """Return how much audio a job has; headers are read, and what has none is decoded."""
    from seqstudio.media.audio import audio_info  # loads numpy, which the app starts without

    lengths: list[tuple[float, Path]] = []
    unreadable = []
    track = plan.start.options.get("track", 1)
    paths = [path for group in plan.groups for path in group.inputs.get("audio", ())]
    for path in paths:
        try:
            lengths.append((audio_info(AudioSource(path, track)).duration_s, path))
        except DataError as error:
            unreadable.append(printable(str(error)))
    lengths.sort()
    middle = max(0, (len(lengths) - SAMPLES) // 2)
    return Sound(
        files=len(paths),
        audio_s=sum(seconds for seconds, _ in lengths),
        unreadable=tuple(unreadable),
        typical=tuple(path for _, path in lengths[middle : middle + SAMPLES]),
    )


def known_speed(plan: JobPlan, database: Path) -> Speed | None:
    """Return how fast the latest items were done that ran as these will; None if none did."""
    rows = JobDatabase(database).read(
        "SELECT item.details, item.provenance, item.outputs FROM item JOIN job ON job.id = item.job"
        " WHERE job.plugin = ? AND job.name = ? AND item.state = 'done'"
        " AND json_extract(item.provenance, '$.models') = json(?)"
        " ORDER BY item.job DESC, item.number DESC LIMIT ?",
        (plan.start.plugin.id, plan.start.name, to_text(dict(plan.models)), LATEST),
    )
    times, sizes = [], []
    for row in rows:
        if known := work_and_audio_s(row):
            work_s, audio_s = known
            times.append(work_s / audio_s)
            outputs = [Path(one["path"]) for one in json.loads(row["outputs"])]
            sizes.append(sum(one.stat().st_size for one in outputs if one.exists()) / audio_s)
    if not times:
        return None
    return Speed(items=len(times), seconds_per_second=median(times), bytes_per_second=median(sizes))


def write_samples(paths: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Write at most `SAMPLE_S` of each recording to a WAV file, by which the speed is measured.

    Raises
    ------
    DataError
        If the recording cannot be read.
    """
    from seqstudio.media.audio import read_blocks, write_wav

    samples = tuple(folder / f"sample-{number}.wav" for number in range(len(paths)))
    for path, sample in zip(paths, samples, strict=True):
        write_wav(sample, next(read_blocks(path, SAMPLE_S)))
    return samples
