"""A sung or hummed recording as a melody: pitch, onsets and beats are those of librosa."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import DataError, Job, Note, Request, Result
from seqstudio.api.media import Score, read_samples
from seqstudio_music.grid import TICKS_PER_BEAT
from seqstudio_music.hard_request import SCALES
from seqstudio_music.keys import estimate_key, key_name, parse_key, signature_of_key

RATE_HZ = 22050
HOP = 256  # samples between frames: 12 ms
FRAME = 2048
RESOLUTION = 0.2  # semitones, of pYIN; a note is the median of many
LOWEST, HIGHEST = "D2", "D6"  # what people sing
VIBRATO_S = 0.2  # about one period of a vibrato, which the median over it removes
SHORTEST_S = 0.09  # of a note
GAP_S = 0.12  # without pitch: a note goes on unless it is struck again
NEAR_S = 0.09  # an onset so near to a change of pitch is where the note begins
DIP = 0.6  # of a note's loudness: an onset after less than this begins a new note
QUIET = 0.25  # of the usual loudness: softer sound is no note
REGULAR = 0.75  # of a period: the least distance of beats
EARLY = 0.125  # beats by which the first note may come before its beat
USUAL_BPM = 100.0
ESTIMATED = "auto"  # as a key
CHOIR = 52  # program

Frames = NDArray[np.float64]  # one value for each frame


@dataclass(frozen=True, slots=True)
class SungNote:
    """One note as it was sung."""

    start_s: float
    end_s: float
    pitch: float  # MIDI pitch with its fraction, the singer's own tuning taken off


@dataclass(frozen=True, slots=True)
class Sung:
    """What was sung: its notes, and its beats."""

    notes: tuple[SungNote, ...]
    beats_s: tuple[float, ...]
    tempo_bpm: float
    tuning: float  # semitones that the singer is above concert pitch, -0.5 to 0.5


class Hum:
    """Turns recordings of one voice into melodies."""

    name = "hum"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the melody of one recording.

        Raises
        ------
        ConfigError
            If the key cannot be read.
        DataError
            If the recording cannot be read, or nothing is sung in it.
        """
        options, path = request.options, request.file("recording")
        key = None if options["key"] in ("", ESTIMATED) else parse_key(options["key"])
        samples = read_samples(path, RATE_HZ)
        sung = listen(samples, tempo_bpm=options["tempo"], where=str(path))
        job.progress(0.9)
        if options["key"] == ESTIMATED:
            key = key_of(sung.notes)
        notes = snapped(sung, 0 if options["grid"] == "none" else int(options["grid"]), key)
        score = Score.new(ticks_per_beat=TICKS_PER_BEAT, tempo_bpm=sung.tempo_bpm)
        if key is not None:
            score = score.with_key_signature(signature_of_key(key))
        yield Result(
            outputs={"score": score.with_new_track(notes, name="Melody", program=CHOIR)},
            summary=f"{len(notes)} notes at {sung.tempo_bpm:.0f} quarter notes a minute"
            + (f" in {key_name(key)}" if key is not None else "")
            + f", sung {abs(100 * sung.tuning):.0f} cents {'above' if sung.tuning > 0 else 'below'}"
            " concert pitch",
            details={
                "duration_s": len(samples) / RATE_HZ,
                "notes": len(notes),
                "tempo_bpm": sung.tempo_bpm,
                "key": "" if key is None else key_name(key),
                "cents_above_concert_pitch": 100 * sung.tuning,
            },
        )


def listen(samples: NDArray[np.float32], *, tempo_bpm: float, where: str) -> Sung:
    """Find the notes and beats of a voice.

    Parameters
    ----------
    samples : (N,) float32 at `RATE_HZ`
    tempo_bpm : quarter notes a minute; 0 follows the beats that librosa hears
    where : begins the text of errors

    Raises
    ------
    DataError
        If nothing is sung.

    References
    ----------
    Mauch and Dixon 2014, "pYIN: a fundamental frequency estimator using probabilistic threshold
    distributions"; Ellis 2007, "Beat tracking by dynamic programming".
    """
    import librosa  # takes a second

    if len(samples) < 2 * FRAME:
        raise DataError(f"{where}: {len(samples) / RATE_HZ:.2f} s, expected at least a note")
    f0, voiced, _ = librosa.pyin(
        samples,
        fmin=float(librosa.note_to_hz(LOWEST)),
        fmax=float(librosa.note_to_hz(HIGHEST)),
        sr=RATE_HZ,
        frame_length=FRAME,
        hop_length=HOP,
        resolution=RESOLUTION,
    )
    if not voiced.any():
        raise DataError(f"{where}: no sung pitch in {len(samples) / RATE_HZ:.1f} s, expected some")
    pitches = bridged(librosa.hz_to_midi(np.where(voiced, f0, np.nan)))
    steady = without_vibrato(pitches)
    tuning = float(librosa.pitch_tuning(librosa.midi_to_hz(steady[~np.isnan(steady)])))
    loudness = librosa.feature.rms(y=samples, frame_length=2 * HOP, hop_length=HOP)[0]
    strength = librosa.onset.onset_strength(y=samples, sr=RATE_HZ, hop_length=HOP)
    onsets = librosa.onset.onset_detect(onset_envelope=strength, sr=RATE_HZ, hop_length=HOP)
    notes = sung_notes(steady - tuning, loudness, onsets.tolist())
    if not notes:
        raise DataError(f"{where}: no note of {SHORTEST_S} s or more, expected one")
    if tempo_bpm:
        return Sung(tuple(notes), (), tempo_bpm, tuning)
    found_bpm, beats_s = beats_of(strength, notes[0].start_s)
    return Sung(tuple(notes), beats_s, found_bpm, tuning)


def beats_of(strength: Frames, start_s: float) -> tuple[float, tuple[float, ...]]:
    """Return the tempo, and the times of the beats from `start_s` on; a usual tempo without."""
    import librosa  # takes a second, the first time

    _, beats = librosa.beat.beat_track(
        onset_envelope=strength, sr=RATE_HZ, hop_length=HOP, start_bpm=USUAL_BPM, units="time"
    )
    beats = beats[beats > start_s - NEAR_S]
    if len(beats) < 2:
        return USUAL_BPM, ()
    period_s = float(np.median(np.diff(beats)))
    while beats[1] - beats[0] < REGULAR * period_s:  # the tracker starts between two beats
        beats = beats[1:]
    return 60 / period_s, tuple(beats.tolist())


def sung_notes(pitches: Frames, loudness: Frames, onsets: Sequence[int]) -> list[SungNote]:
    """Split a pitch curve into notes: where the pitch moves to another, and at new onsets.

    Parameters
    ----------
    pitches : steady MIDI pitch of each frame, NaN where none is sung
    loudness : of each frame
    onsets : frames
    """
    notes, usual = [], np.median(loudness[: len(pitches)][~np.isnan(pitches)])
    for first, last in runs(~np.isnan(pitches)):
        moves = np.flatnonzero(np.diff(np.rint(pitches[first:last]))) + 1 + first
        begins = {nearest_onset(at, onsets) for at in (first, *moves.tolist())}
        begins |= {
            at for at in onsets if first < at < last and is_struck(loudness, at, first, last)
        }
        for start, end in pairwise(without_short({*begins, last}, frames(SHORTEST_S))):
            loud = np.median(loudness[start:end]) > QUIET * usual
            if loud and end - start >= frames(SHORTEST_S):
                pitch = float(np.median(pitches[max(start, first) : end]))
                notes.append(SungNote(start * HOP / RATE_HZ, end * HOP / RATE_HZ, pitch))
    return notes


def frames(seconds: float) -> int:
    """Return the number of frames of a time."""
    return round(seconds * RATE_HZ / HOP)


def bridged(pitches: Frames) -> Frames:
    """Return a pitch curve whose short gaps are filled from both sides."""
    filled, known = pitches.copy(), np.flatnonzero(~np.isnan(pitches))
    for first, last in runs(np.isnan(pitches)):
        if first > 0 and last < len(pitches) and last - first <= frames(GAP_S):
            filled[first:last] = np.interp(np.arange(first, last), known, pitches[known])
    return filled


def without_vibrato(pitches: Frames) -> Frames:
    """Return a pitch curve after a median over the length of a vibrato, within each run."""
    width, steady = frames(VIBRATO_S), pitches.copy()
    for first, last in runs(~np.isnan(pitches)):
        padded = np.pad(pitches[first:last], (width // 2, width - 1 - width // 2), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, width)
        steady[first:last] = np.median(windows, axis=1)
    return steady


def nearest_onset(frame: int, onsets: Sequence[int]) -> int:
    """Return the onset that is nearest to a frame, or the frame itself if none is near."""
    nearest = min(onsets, key=lambda onset: abs(onset - frame), default=frame)
    return nearest if abs(nearest - frame) <= frames(NEAR_S) else frame


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the half-open ranges in which a mask is set.

    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def is_struck(loudness: Frames, at: int, first: int, last: int) -> bool:
    """Return whether a note of frames `first` to `last` is struck again at a frame: after a dip."""
    half = DIP * np.median(loudness[first:last])
    before = loudness[max(at - frames(NEAR_S), first) : at + 2]
    after = loudness[at : min(at + frames(NEAR_S), last)]
    return bool(before.min() < half < np.median(after))


def without_short(cuts: set[int], least: int) -> list[int]:
    """Return the cuts in order, without those that would leave less than `least` frames.

    >>> without_short({0, 3, 10, 12, 20}, 5)
    [0, 10, 20]
    """
    ordered = sorted(cuts)
    kept = ordered[:1]
    for cut in ordered[1:-1]:
        if cut - kept[-1] >= least and ordered[-1] - cut >= least:
            kept.append(cut)
    return [*kept, ordered[-1]]


def key_of(notes: Sequence[SungNote]) -> int:
    """Return the key that sung notes suggest; the last one is likely the tonic."""
    durations = np.zeros(12)
    for note in notes:
        durations[round(note.pitch) % 12] += note.end_s - note.start_s
    return estimate_key(durations, round(notes[-1].pitch) % 12)


def snapped(sung: Sung, grid: int, key: int | None) -> list[Note]:
    """Return notes on the ticks of a score whose first beat is that of the first note.

    Parameters
    ----------
    grid : notes begin and end on such parts of a whole note, 4, 8 or 16; 0: as they were sung
    key : its notes only; None: all
    """
    times_s = np.array([(note.start_s, note.end_s) for note in sung.notes])
    beats = beat_positions(times_s.reshape(-1), sung).reshape(-1, 2)
    beats -= np.floor(beats[0, 0] + EARLY)
    unit = 4 * TICKS_PER_BEAT // grid if grid else 1
    ticks = np.rint(np.maximum(beats, 0) * TICKS_PER_BEAT / unit).astype(np.int64) * unit
    notes: list[Note] = []
    for note, (onset, end) in zip(sung.notes, ticks.tolist(), strict=True):
        if notes:
            onset = max(onset, notes[-1].onset_ticks + unit)
            last = notes[-1]
            length = min(last.length_ticks, onset - last.onset_ticks)
            notes[-1] = replace(last, length_ticks=length)
        notes.append(Note(onset, in_key(note.pitch, key), max(end - onset, unit)))
    return notes


def beat_positions(times_s: Frames, sung: Sung) -> Frames:
    """Return times in beats: from beat to beat as they were heard, else at the constant tempo."""
    if not sung.beats_s:
        return (times_s - sung.notes[0].start_s) * sung.tempo_bpm / 60
    beats_s = np.array(sung.beats_s)
    period_s = 60 / sung.tempo_bpm
    before = beats_s[0] - period_s * np.arange(1, int(beats_s[0] / period_s) + 2)[::-1]
    left_s = max(times_s[-1] - beats_s[-1], 0)
    after = beats_s[-1] + period_s * np.arange(1, int(left_s / period_s) + 2)
    every = np.concatenate([before, beats_s, after])
    return np.interp(times_s, every, np.arange(len(every)))


def in_key(pitch: float, key: int | None) -> int:
    """Return the nearest pitch, of a key's scale only; minor keys have their leading note too.

    >>> in_key(60.4, None), in_key(61.2, parse_key("C")), in_key(60.9, parse_key("C"))
    (60, 62, 60)
    """
    if key is None:
        return round(pitch)
    scale = SCALES["minor" if key >= 12 else "major"] + ((11,) if key >= 12 else ())
    nearest = sorted(range(round(pitch) - 2, round(pitch) + 3), key=lambda one: abs(one - pitch))
    return next(one for one in nearest if (one - key) % 12 in scale)
