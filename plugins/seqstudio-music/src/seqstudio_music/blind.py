"""The operation `blind`: a page on which people tell pieces of a machine from those of people."""

import base64
import json
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from random import Random

from seqstudio.api import (
    DataError,
    Job,
    Ledger,
    Note,
    Request,
    Result,
    canonical_split,
)
from seqstudio.api.media import Score, encoded, mono, render_sound
from seqstudio_music.delivery import looped
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.midi_folders import midi_files
from seqstudio_music.parts import Part, parts_of

TEMPLATE = "blind_page.html"
VELOCITY = 80
MOST_CLIPS = 100
MELODIC_CHANNELS = 9  # the first channels, up to that of the drums


class Blind:
    """Makes one HTML page with shuffled clips, votes and hidden answers."""

    name = "blind"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the page.

        Raises
        ------
        DataError
            If a piece cannot be read, or there are no human pieces.
        """
        options, paths = request.options, request.inputs["takes"]
        if len(paths) > MOST_CLIPS:
            raise DataError(f"{len(paths)} takes, expected at most {MOST_CLIPS}")
        random = Random(options["order"])
        human = _human_pieces(Path(options["against"]), options["split"], len(paths), random)
        pieces = [(path, False) for path in paths] + [(path, True) for path in human]
        random.shuffle(pieces)
        clips, answers = [], []
        for number, (path, by_person) in enumerate(pieces, start=1):
            score = Score.read(path)
            if not score.notes:
                raise DataError(f"{path}: 0 notes, expected at least 1")
            score = neutral(score, options["bars"], options["tempo"])
            clips.append(base64.b64encode(encoded(mono(render_sound(score)), "FLAC")).decode())
            answers.append({"person": by_person, "name": path.name})
            job.progress(number / len(pieces))
        page = job.folder / TEMPLATE
        page.write_text(blind_page(clips, answers), encoding="utf-8")
        counts = f"{len(paths)} takes among {len(human)} human pieces"
        yield Result(
            outputs={"page": page},
            summary=f"{counts}, {options['bars']} bars each",
            details={"takes": len(paths), "human": len(human), "order": options["order"]},
        )


def _human_pieces(source: Path, split: str, count: int, random: Random) -> list[Path]:
    """Choose as many human pieces as there are takes, or all."""
    wanted = ("", canonical_split(split))
    paths = [file.path for file in midi_files(source, Ledger()) if file.split in wanted]
    if not paths:
        raise DataError(f"{source}: no pieces of split {split!r}, expected some")
    return sorted(random.sample(paths, min(count, len(paths))))


def neutral(score: Score, bars: int, tempo_bpm: float) -> Score:
    """Return the first bars of a piece without what gives its origin away.

    All parts are played by a piano, all notes equally hard, in one tempo, from the first note on.

    Raises
    ------
    DataError
        If it has no note.
    """
    if not score.notes:
        raise DataError("0 notes, expected at least 1")
    starts = score.bars
    first = score.notes[0].onset_ticks
    shift = max(start for start in starts if start <= first)
    found = [meter for meter in score.meters if meter.tick <= shift][-1]
    meter = found.beats, min(found.unit, 64)
    new = Score.new(ticks_per_beat=score.ticks_per_beat, tempo_bpm=tempo_bpm, meter=meter)
    kept = [*parts_of(score), *parts_of(score, drums=True)]
    for number, part in enumerate(kept):
        channel = part.channel if part.channel == DRUM_CHANNEL else number % MELODIC_CHANNELS
        new = new.with_new_track(_plain(part, shift), channel=channel)
    return looped(new, bars) if len(new.bars) - 1 > bars else new


def _plain(part: Part, shift: int) -> list[Note]:
    return [
        Note(note.onset_ticks - shift, note.pitch, note.length_ticks, VELOCITY)
        for note in part.notes
    ]


def blind_page(clips: Sequence[str], answers: Sequence[object]) -> str:
    """Return the page: clips as FLAC in base64; the answers are not readable in its source."""
    template = resources.files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    hidden = base64.b64encode(json.dumps(answers).encode()).decode()
    data = json.dumps({"clips": list(clips), "answers": hidden[::-1]})
    return template.replace("__DATA__", data)
