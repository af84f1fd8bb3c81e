"""The operation `interpolate`: clips on the way from one melody to another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seqstudio.api import Job, LoadedModel, Note, Request, Result
from seqstudio.api.media import Event, Score
from seqstudio.api.nn import interpolate_on_sphere
from seqstudio_music.latent.clips import Melody, quarters, read_melody
from seqstudio_music.latent.points import decoded, points_of
from seqstudio_music.latent.windows import (
    MELODY,
    Clip,
    clip_of,
    columns_of,
    distance,
    joined,
    transposed,
)
from seqstudio_music.operations import bar_count
from seqstudio_music.voices.notes import voice_notes

MARKER = 0x06  # the meta event that names a place


class Interpolate:
    """Writes the clips between two melodies, the melodies themselves at both ends."""

    name = "interpolate"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield one score with all steps, one after another.

        Raises
        ------
        DataError
            If a file cannot be read, or is not a melody in 4/4.
        ConfigError
            If a file has no such track or bars.
        """
        options = request.options
        given = [
            read_melody(request.file("first"), options["track"], options["bars"]),
            read_melody(request.file("second"), options["second_track"], options["second_bars"]),
        ]
        windows = max(one.windows for one in given)
        first, second = (one.filling(windows) for one in given)
        model = job.model()
        found = Interpolation.between(model, job, first, second, options["steps"])
        remarks = [*first.remarks, *second.remarks]
        length = f"{options['steps']} clips of {bar_count(first.bars)}"
        shares = ", ".join(f"{share:.0%}" for share in found.from_first)
        yield Result(
            outputs={"score": found.score()},
            summary="; ".join(
                [
                    f"{length} from {first.path.name} to {second.path.name} by {model.name}",
                    f"sixteenths unlike the first: {shares}",
                    *remarks,
                ]
            ),
            details={
                "model": model.name,
                "bars": first.bars,
                "unlike_first": found.from_first,
                "unlike_second": found.from_second,
                "remarks": remarks,
            },
        )


@dataclass(frozen=True)
class Interpolation:
    """Two melodies of equal length, and the clips on the way from one to the other."""

    first: Melody
    second: Melody
    clips: list[Clip]  # of each step, its windows joined; both ends too

    @classmethod
    def between(
        cls, model: LoadedModel, job: Job, first: Melody, second: Melody, steps: int
    ) -> "Interpolation":
        """Decode the points between two melodies, window by window, greedily.

        A step is in the key and the register of the nearer melody, the first one in the middle.
        """
        (own, shift), (others, other_shift) = first.clips(), second.clips()
        ends = points_of(model.module, torch.tensor([*own, *others], device=model.device))
        points = arcs(ends[: len(own)], ends[len(own) :], steps)[1:-1].flatten(0, 1)
        found = decoded(job, model.module, points, on_progress=job.progress)
        between = [joined(found[n : n + len(own)]) for n in range(0, len(found), len(own))]
        whole = [joined(own), *between, joined(others)]
        nearer = [shift if 2 * step < steps else other_shift for step in range(steps)]
        return cls(first, second, [at_pitch(*one) for one in zip(whole, nearer, strict=True)])

    @property
    def from_first(self) -> list[float]:
        """The share of the sixteenths of each step that are not as in the first melody."""
        return self._from(0)

    @property
    def from_second(self) -> list[float]:
        """The share of the sixteenths of each step that are not as in the second melody."""
        return self._from(-1)

    def _from(self, end: int) -> list[float]:
        return [round(distance(clip, self.clips[end]), 4) for clip in self.clips]

    def score(self) -> Score:
        """Return all steps one after another, each with a marker.

        Tempo, key, instrument and resolution are those of the first melody. The ends are the
        melodies' own notes; the steps between play as hard as both, by their share.
        """
        first, ticks = self.first, self.first.score.ticks_per_beat
        length = first.bars * quarters(first.score).ticks
        score = Score.new(ticks_per_beat=ticks, tempo_bpm=first.tempo_bpm)
        for key in first.score.key_signatures[:1]:
            score = score.with_key_signature(replace(key, tick=0))
        marks = [
            Event(step * length, 0xFF, f"{step + 1} of {len(self.clips)}".encode(), MARKER)
            for step in range(len(self.clips))
        ]
        notes = [
            replace(note, onset_ticks=note.onset_ticks + step * length)
            for step in range(len(self.clips))
            for note in self._notes(step)
        ]
        track = first.score.tracks[first.part.track]
        return score.with_track_events(0, marks).with_new_track(
            notes, name=track.name, program=track.program, channel=first.part.channel
        )

    def _notes(self, step: int) -> Sequence[Note]:
        if step == 0:
            return self.first.part.notes
        if step == len(self.clips) - 1:
            ratio = self.first.score.ticks_per_beat / self.second.score.ticks_per_beat
            return [scaled(note, ratio) for note in self.second.part.notes]
        share = step / (len(self.clips) - 1)
        return [
            replace(note, velocity=self._velocity(note.onset_ticks, share))
            for note in voice_notes(MELODY, columns_of(self.clips[step]), 0, self.first.grid, 0)
        ]

    def _velocity(self, tick: int, share: float) -> int:
        ratio = self.second.score.ticks_per_beat / self.first.score.ticks_per_beat
        other = self.second.touch.velocity(round(tick * ratio))
        return round((1 - share) * self.first.touch.velocity(tick) + share * other)


def scaled(note: Note, ratio: float) -> Note:
    """Return a note in the ticks of another resolution."""
    onset, end = (
        round(tick * ratio) for tick in (note.onset_ticks, note.onset_ticks + note.length_ticks)
    )
    return replace(note, onset_ticks=onset, length_ticks=max(end - onset, 1))


def at_pitch(clip: Clip, shift: int) -> Clip:
    """Return a clip at the pitch that it had before it was transposed by some semitones."""
    values, held = MELODY.decode(columns_of(clip))
    return clip_of(transposed(values[:, 0], -shift), held[:, 0])


def arcs(starts: Tensor, ends: Tensor, steps: int) -> Tensor:
    """Return (steps, W, Z) points on the arcs from (W, Z) points to others, both included."""
    pairs = zip(starts, ends, strict=True)
    return torch.stack([interpolate_on_sphere(one, other, steps) for one, other in pairs], dim=1)
