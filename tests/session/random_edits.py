"""Random operations that fit a document, each a function of the document and a `Random`."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.media.midi import Score
from seqstudio.session import operations as ops
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import Operation

WORDS = ["so", "it", "goes", "on", "and", "on", "until", "somebody", "says", "stop"]
BASE = Score.new().with_new_track([Note(tick * 120, 60 + tick % 12, 100) for tick in range(40)])
MIDI = BASE.to_bytes()


def new_clip(draw: Random) -> Clip:
    id = f"{draw.getrandbits(64):016x}"
    path = Path(f"/music/{id}.wav")
    return Clip(id=id, kind="audio", name=id[:4], path=path, sha256=id * 4, size_bytes=len(id))


def new_take(draw: Random) -> Take:
    id, tracks = (
        f"{draw.getrandbits(64):016x}",
        tuple(Notes.of(track.notes) for track in BASE.tracks),
    )
    return Take(id=id, name=id[:4], midi=MIDI, tracks=tracks, record={"seed": draw.randrange(99)})


def new_transcript(draw: Random) -> Transcript:
    """Draw segments of some words; the text of some has signs that its words have not."""
    segments = []
    for start in range(draw.randint(1, 5)):
        said = draw.choices(WORDS, k=draw.randint(1, 6))
        words = tuple(
            Word(word=word, start_s=start + n / 9, end_s=start + (n + 1) / 9, confidence=0.5)
            for n, word in enumerate(said)
        )
        text = " ".join(said).capitalize() + draw.choice(["", ".", " ..."])
        segments.append(Segment(start_s=float(start), end_s=start + 1.0, text=text, words=words))
    return Transcript(audio="a.wav", duration_s=5.0, text="as heard", segments=tuple(segments))


def on_list(document: Document, draw: Random) -> Operation:
    """Bring something in, or take it out; more comes than goes."""
    choices: list[Operation] = [
        ops.AddClip(new_clip(draw), draw.randint(0, len(document.clips))),
        ops.AddTake(new_take(draw), draw.randint(0, len(document.takes))),
        ops.RenameSession(draw.choice(WORDS)),
    ]
    if len(document.clips) > 3:
        choices.append(ops.RemoveClip(draw.choice(document.clips).id))
    if len(document.takes) > 3:
        choices.append(ops.RemoveTake(draw.choice(document.takes).id))
    return draw.choice(choices)


def on_clip(document: Document, draw: Random) -> Operation:
    clip = draw.choice(document.clips)
    choices: list[Operation] = [
        ops.RenameClip(clip.id, draw.choice(WORDS)),
        ops.RelinkClip(clip.id, Path("/moved") / clip.path.name),
        ops.SetTranscript(clip.id, draw.choice([None, new_transcript(draw), new_transcript(draw)])),
    ]
    return draw.choice(choices)


def on_words(document: Document, draw: Random) -> Operation:
    heard = [(clip, clip.transcript) for clip in document.clips if clip.transcript]
    clip, transcript = draw.choice(heard)
    number = draw.randrange(len(transcript.segments)) if transcript.segments else 0
    count = len(transcript.segments[number : number + 1])
    words = len(transcript.segments[number].words) if count else 0
    fresh = new_transcript(draw).segments
    choices: list[Operation] = [ops.SetSegments(clip.id, number, count, fresh[:3])]
    if words:
        texts = ["", "Stop!", "wait for it"]
        edit = ops.EditWord(clip.id, number, draw.randrange(words), draw.choice(texts))
        choices += [edit] * 4
    if words > 1:
        choices.append(ops.SplitSegment(clip.id, number, draw.randrange(1, words)))
    if number + 1 < len(transcript.segments):
        choices.append(ops.MergeSegments(clip.id, number))
    return draw.choice(choices)


def on_notes(document: Document, draw: Random) -> Operation:
    take = draw.choice(document.takes)
    track = draw.randrange(len(take.tracks))
    notes = take.tracks[track]
    some = Notes.of(draw.sample(notes, k=min(len(notes), draw.randint(1, 30))))
    drawn = Notes.of(Note(draw.randrange(9999), draw.randrange(128), 60) for _ in range(3))
    twice = Notes.of((*drawn, *some[:2]))  # notes that are there already, too
    choices: list[Operation] = [
        ops.AddNotes(take.id, track, twice),
        ops.DeleteNotes(take.id, track, some),
        ops.SetVelocity(take.id, track, some, draw.randint(1, 127)),
        ops.ReplaceNotes(take.id, track, some, drawn),
        ops.RenameTake(take.id, draw.choice(WORDS)),
        ops.AcceptTake(take.id, draw.choice([True, False])),
    ]
    if all(note.pitch < 127 for note in some):
        choices.append(ops.MoveNotes(take.id, track, some, draw.randrange(500), 1))
    return draw.choice(choices)


def random_operation(document: Document, draw: Random) -> Operation:
    """Draw an operation that fits; one in ten is several that are done together."""
    kinds: list[Callable[[Document, Random], Operation]] = [on_list]
    if document.clips:
        kinds.append(on_clip)
    if any(clip.transcript for clip in document.clips):
        kinds += [on_words] * 3
    if document.takes:
        kinds += [on_notes] * 3
    one = draw.choice(kinds)(document, draw)
    if draw.random() < 0.9:
        return one
    return ops.Together("Several", (one, ops.AddClip(new_clip(draw)), ops.AddTake(new_take(draw))))
