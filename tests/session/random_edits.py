"""Random edits that fit a document, as functions of the document and a `Random`."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.media.midi import Score
from seqstudio.session import edits
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.edits import Edit
from seqstudio.session.note_array import Notes, find_notes

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
    return Take(
        id=id, name=id[:4], midi=MIDI, tracks=tracks, provenance={"seed": draw.randrange(99)}
    )


def new_transcript(draw: Random) -> Transcript:
    """Draw segments of some words; the text of some has punctuation that its words lack."""
    segments = []
    for start in range(draw.randint(1, 5)):
        spoken = draw.choices(WORDS, k=draw.randint(1, 6))
        words = tuple(
            Word(word=word, start_s=start + n / 9, end_s=start + (n + 1) / 9, confidence=0.5)
            for n, word in enumerate(spoken)
        )
        text = " ".join(spoken).capitalize() + draw.choice(["", ".", " ..."])
        segments.append(Segment(start_s=float(start), end_s=start + 1.0, text=text, words=words))
    return Transcript(audio="a.wav", duration_s=5.0, text="as spoken", segments=tuple(segments))


def edit_lists(document: Document, draw: Random) -> Edit:
    """Add or remove a clip or take; additions are more frequent."""
    choices: list[Edit] = [
        edits.AddClip(new_clip(draw), draw.randint(0, len(document.clips))),
        edits.AddTake(new_take(draw), draw.randint(0, len(document.takes))),
        edits.RenameSession(draw.choice(WORDS)),
    ]
    if len(document.clips) > 3:
        choices.append(edits.RemoveClip(draw.choice(document.clips).id))
    if len(document.takes) > 3:
        choices.append(edits.RemoveTake(draw.choice(document.takes).id))
    return draw.choice(choices)


def edit_clip(document: Document, draw: Random) -> Edit:
    clip = draw.choice(document.clips)
    choices: list[Edit] = [
        edits.RenameClip(clip.id, draw.choice(WORDS)),
        edits.RelinkClip(clip.id, Path("/moved") / clip.path.name),
        edits.SetTranscript(
            clip.id, draw.choice([None, new_transcript(draw), new_transcript(draw)])
        ),
    ]
    return draw.choice(choices)


def edit_words(document: Document, draw: Random) -> Edit:
    transcribed = [(clip, clip.transcript) for clip in document.clips if clip.transcript]
    clip, transcript = draw.choice(transcribed)
    number = draw.randrange(len(transcript.segments)) if transcript.segments else 0
    count = len(transcript.segments[number : number + 1])
    words = len(transcript.segments[number].words) if count else 0
    fresh = new_transcript(draw).segments
    choices: list[Edit] = [edits.SetSegments(clip.id, number, count, fresh[:3])]
    if words:
        texts = ["", "Stop!", "wait for it"]
        edit = edits.EditWord(clip.id, number, draw.randrange(words), draw.choice(texts))
        choices += [edit] * 4
    if words > 1:
        choices.append(edits.SplitSegment(clip.id, number, draw.randrange(1, words)))
    if number + 1 < len(transcript.segments):
        choices.append(edits.MergeSegments(clip.id, number))
    return draw.choice(choices)


def edit_notes(document: Document, draw: Random) -> Edit:
    take = draw.choice(document.takes)
    track = draw.randrange(len(take.tracks))
    notes = take.tracks[track]
    notes = notes.select(find_notes(take.locked_in(track), notes) < 0)
    some = Notes.of(draw.sample(notes, k=min(len(notes), draw.randint(1, 30))))
    drawn = Notes.of(Note(draw.randrange(9999), draw.randrange(128), 60) for _ in range(3))

    def with_drawn(notes: Notes) -> Notes:
        return Notes.joined((notes, drawn))

    twice = Notes.of((*drawn, *some[:2]))  # including some that exist already
    choices: list[Edit] = [
        edits.AddNotes(take.id, track, twice),
        edits.DeleteNotes(take.id, track, some),
        edits.SetVelocity(take.id, track, some, draw.randint(1, 127)),
        edits.ReplaceNotes(take.id, track, some, drawn),
        edits.RenameTake(take.id, draw.choice(WORDS)),
        edits.AcceptTake(take.id, draw.choice([True, False])),
        edits.StarTake(take.id, draw.choice([True, False])),
        edits.AnnotateTake(take.id, draw.choice(WORDS)),
        edits.LockNotes(take.id, track, some[:2]),
        edits.LockNotes(take.id, track, some[:0]),
        edits.SetScore(take.id, MIDI, tuple(map(with_drawn, take.tracks))),
    ]
    if all(note.pitch < 127 for note in some):
        choices.append(edits.MoveNotes(take.id, track, some, draw.randrange(500), 1))
    return draw.choice(choices)


def random_edit(document: Document, draw: Random) -> Edit:
    """Draw an edit that fits the document; one in ten is a compound edit."""
    kinds: list[Callable[[Document, Random], Edit]] = [edit_lists]
    if document.clips:
        kinds.append(edit_clip)
    if any(clip.transcript for clip in document.clips):
        kinds += [edit_words] * 3
    if document.takes:
        kinds += [edit_notes] * 3
    one = draw.choice(kinds)(document, draw)
    if draw.random() < 0.9:
        return one
    return edits.CompoundEdit(
        "Several", (one, edits.AddClip(new_clip(draw)), edits.AddTake(new_take(draw)))
    )
