"""What `--dry-run` says of a batch."""

from datetime import UTC, datetime

from seqstudio.cli.dry_run import lines
from seqstudio.host.jobs.estimate import Estimate, Sound, Speed

SOUND = Sound(files=3, audio_s=5400.0, unreadable=("c.wav: 4 bytes, expected audio",))
NOW = datetime(2024, 5, 1, 22, 30, tzinfo=UTC)


def test_a_batch_has_an_end_and_needs_space() -> None:
    speed = Speed(items=20, seconds_per_second=0.5, bytes_per_second=1000.0)
    found = Estimate(
        sound=SOUND, speed=speed, work_s=2700.0, output_bytes=5_400_000, free_bytes=4_000_000
    )

    assert list(lines(found, NOW)) == [
        "cannot be read: c.wav: 4 bytes, expected audio",
        "3 files, 1.50 hours of audio",
        "about 45 min 0 s, until 2024-05-01 23:15: 2.0 times real time a worker, measured on "
        "20 recordings",
        "results need about 5.4 MB; 4.0 MB are free - NOT ENOUGH",
    ]


def test_without_a_speed_there_is_no_end() -> None:
    found = Estimate(sound=SOUND, speed=None, work_s=None, output_bytes=None, free_bytes=1)

    assert list(lines(found, NOW))[-1].startswith("the speed of this model on this machine is not")
