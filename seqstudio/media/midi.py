"""Read, edit and write MIDI files. Unedited parts of a file are written byte for byte."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqstudio.contracts.notes import Note
from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import DataError
from seqstudio.media.key_signature import KeySignature, read_key_signatures
from seqstudio.media.midi_events import (
    END_OF_TRACK,
    HEADER,
    META,
    METER,
    PROGRAM,
    TEMPO,
    TRACK,
    TRACK_NAME,
    Chunk,
    Event,
    header_chunk,
    parse_events,
)
from seqstudio.media.midi_recovery import recover_chunks
from seqstudio.media.midi_track import Track
from seqstudio.media.notation import TICKS_PER_BEAT, Notation
from seqstudio.media.notation_files import read_notation
from seqstudio.media.tempo_map import Meter, Tempo, TempoMap, is_absurd


@dataclass(frozen=True)
class Score:
    """A MIDI file in memory. Edits return a new score and leave the rest of the file unchanged."""

    header: Chunk
    body: tuple[Chunk | Track, ...]
    tail: bytes = b""
    mends: tuple[str, ...] = ()  # what was mended when a damaged file was read, one line each

    @classmethod
    def read(cls, path: Path) -> "Score":
        """Read a Standard MIDI File of type 0 or 1, MusicXML or ABC.

        Raises
        ------
        DataError
            If the file cannot be read, is not a MIDI file, holds no event, or is of an unsupported
            kind (type 2 or SMPTE time).
        """
        if path.is_dir():
            raise DataError(f"{path}: a folder, expected a MIDI file")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: {why_unreadable(error)}, expected a MIDI file") from error
        return cls.from_bytes(content, str(path))

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "MIDI") -> "Score":
        """Read the bytes of a file; errors start with `name` and count tracks from 1.

        Of a damaged file, what can be read is read; see `mends`. MusicXML (.mxl too) and ABC are
        laid out as new scores.
        """
        if (notation := read_notation(content, name)) is not None:
            return cls.of_notation(notation)
        chunks, found = recover_chunks(content, name)
        body: list[Chunk | Track] = []
        mends = list(found)
        for chunk in chunks.body:
            if chunk.kind != TRACK:
                body.append(chunk)
                continue
            track, repairs = Track.recover(chunk.data)
            body.append(track)
            number = sum(isinstance(part, Track) for part in body)
            mends += [f"track {number}: {repair}" for repair in repairs]
        score = cls(chunks.header, tuple(body), chunks.tail, tuple(mends))
        if mends and not any(track.events for track in score.tracks):
            first = next(chunk for chunk in chunks.body if chunk.kind == TRACK)
            parse_events(first.data, f"{name}: track 1")  # raises, with the reason
            raise DataError(f"{name}: {mends[0]}, expected at least one event")
        return score

    @classmethod
    def new(
        cls,
        *,
        ticks_per_beat: int = 480,
        tempo_bpm: float = 120.0,
        meter: tuple[int, int] = (4, 4),
    ) -> "Score":
        """Create a score of type 1 with a tempo, a meter and no notes.

        Raises
        ------
        DataError
            If a value cannot be written in a MIDI file.
        """
        if not 1 <= ticks_per_beat < 1 << 15:
            raise DataError(f"ticks_per_beat={ticks_per_beat}, expected 1 to {(1 << 15) - 1}")
        opening = Track.of(_opening(Tempo.of(tempo_bpm), Meter.of(*meter)))
        return cls(header_chunk(1, ticks_per_beat), (opening,))

    def with_key_signature(self, key: KeySignature) -> "Score":
        """Return a copy whose first track has this key signature too."""
        return self.with_track_events(0, [key.to_event()])

    @classmethod
    def of_notation(cls, notation: Notation) -> "Score":
        """Create a score of type 1 from written music: a track for each part."""
        score = cls.new(ticks_per_beat=TICKS_PER_BEAT)
        changes = [Event(tempo.tick, META, tempo.to_data(), TEMPO) for tempo in notation.tempos]
        changes += [Event(meter.tick, META, meter.to_data(), METER) for meter in notation.meters]
        changes += [key.to_event() for key in notation.keys]
        changes.sort()
        opening = Track.of([*changes, Event(changes[-1].tick, META, b"", END_OF_TRACK)])
        score = dataclasses.replace(score, body=(opening,))
        for part in notation.parts:
            score = score.with_new_track(
                part.notes, name=part.name, program=part.program, channel=part.channel
            )
        return dataclasses.replace(score, mends=notation.remarks)

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks, in file order; the first of a type 1 file may have no notes."""
        return tuple(part for part in self.body if isinstance(part, Track))

    @property
    def kind(self) -> int:
        """The MIDI file type: 0 is a single track; 1 is several simultaneous tracks."""
        return int.from_bytes(self.header.data[0:2])

    @property
    def ticks_per_beat(self) -> int:
        """Ticks in a quarter note."""
        return int.from_bytes(self.header.data[4:6])

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """The notes of all tracks, by onset and pitch."""
        return tuple(sorted(note for track in self.tracks for note in track.notes))

    @cached_property
    def end_tick(self) -> int:
        """The tick where the last note ends; 0 without notes."""
        return max((note.onset_ticks + note.length_ticks for note in self.notes), default=0)

    @cached_property
    def tempo_map(self) -> TempoMap:
        """The tempos and meters of all tracks."""
        events = sorted(
            (event for track in self.tracks for event in track.events),
            key=lambda event: event.tick,
        )
        return TempoMap.of(events, self.ticks_per_beat)

    @property
    def tempos(self) -> tuple[Tempo, ...]:
        """Tempos by tick, the first at tick 0 (120 bpm by default)."""
        return self.tempo_map.tempos

    @property
    def meters(self) -> tuple[Meter, ...]:
        """Meters by tick, the first at tick 0 (4/4 by default)."""
        return self.tempo_map.meters

    @cached_property
    def key_signatures(self) -> tuple[KeySignature, ...]:
        """The key signatures of all tracks, in file order; often none."""
        return tuple(key for track in self.tracks for key in read_key_signatures(track.events))

    def seconds(self, tick: float) -> float:
        """Return the time of a tick, in seconds from the start."""
        return self.tempo_map.seconds(tick)

    def ticks(self, seconds: float) -> int:
        """Return the tick nearest to a time in seconds."""
        return self.tempo_map.ticks(seconds)

    @property
    def bars(self) -> tuple[int, ...]:
        """Start ticks of all bars up to the last note, then the end of the last bar."""
        return self.tempo_map.bars(self.end_tick)

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """The faults of the file, one line each; tracks count from 1."""
        found = [*self.mends, *self.tempo_map.ignored]
        found += [
            f"track {number}: {fault}"
            for number, track in enumerate(self.tracks, start=1)
            for fault in track.faults
        ]
        declared = int.from_bytes(self.header.data[2:4])
        if declared != len(self.tracks):
            found.insert(
                0, f"the header declares {declared} tracks, the file has {len(self.tracks)}"
            )
        return tuple(found)

    def repaired(self) -> "Score":
        """Repair every fault; tracks without faults stay unchanged, byte for byte."""
        if not self.faults:
            return self
        parts = (part.repaired() if isinstance(part, Track) else part for part in self.body)
        repaired = self._with_body(tuple(parts))
        if not self.tempo_map.ignored:
            return repaired
        return repaired._with_body(
            tuple(
                part.without(is_absurd) if isinstance(part, Track) else part
                for part in repaired.body
            )
        )

    def with_track_notes(self, index: int, notes: Iterable[Note]) -> "Score":
        """Replace the notes of `tracks[index]`.

        All other events and tracks stay unchanged; see `Track.with_notes`.

        Raises
        ------
        DataError
            If `index` is out of range.
        """
        return self._with_track(index, self._track(index).with_notes(notes))

    def with_track_events(self, index: int, events: Iterable[Event]) -> "Score":
        """Insert events that are no notes into `tracks[index]`; see `Track.with_events`.

        Raises
        ------
        DataError
            If `index` is out of range.
        """
        return self._with_track(index, self._track(index).with_events(events))

    def _track(self, index: int) -> Track:
        if not 0 <= index < len(self.tracks):
            raise DataError(f"track index {index}, expected 0 to {len(self.tracks) - 1}")
        return self.tracks[index]

    def _with_track(self, index: int, track: Track) -> "Score":
        if track is self.tracks[index]:
            return self
        at = [n for n, part in enumerate(self.body) if isinstance(part, Track)][index]
        return dataclasses.replace(self, body=(*self.body[:at], track, *self.body[at + 1 :]))

    def with_new_track(
        self, notes: Iterable[Note], *, name: str = "", program: int = 0, channel: int = 0
    ) -> "Score":
        """Append a track with all notes on `channel` (9 is drums).

        A score of type 0 becomes type 1.

        Raises
        ------
        DataError
            If program or channel is out of range.
        """
        for what, value, most in (("program", program, 127), ("channel", channel, 15)):
            if not 0 <= value <= most:
                raise DataError(f"{what}={value}, expected 0 to {most}")
        opening = [Event(0, META, name.encode(), TRACK_NAME)] if name else []
        opening.append(Event(0, PROGRAM | channel, bytes([program])))
        opening.append(Event(0, META, b"", END_OF_TRACK))
        moved = [dataclasses.replace(note, channel=channel) for note in notes]
        track = Track.of(opening).with_notes(moved)
        at = max(n for n, part in enumerate(self.body) if isinstance(part, Track)) + 1
        return self._with_body((*self.body[:at], track, *self.body[at:]))

    def to_bytes(self) -> bytes:
        """Return the bytes of the file."""
        return b"".join([part.to_bytes() for part in (self.header, *self.body)]) + self.tail

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_bytes(self.to_bytes())

    def _with_body(self, body: tuple[Chunk | Track, ...]) -> "Score":
        """Replace all chunks after the header, and update the header's track count and type."""
        count = sum(isinstance(part, Track) for part in body)
        kind = self.kind if count == 1 else 1
        data = kind.to_bytes(2) + count.to_bytes(2) + self.header.data[4:]
        return Score(Chunk(HEADER, data), body, self.tail)


def _opening(tempo: Tempo, meter: Meter) -> list[Event]:
    return [
        Event(0, META, tempo.to_data(), TEMPO),
        Event(0, META, meter.to_data(), METER),
        Event(0, META, b"", END_OF_TRACK),
    ]
