"""Operations on a document: a pure function, which also gives what undoes each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.session import operations as ops
from seqstudio.session import segment_edits as segments
from seqstudio.session.document import Clip, Document, Take, position
from seqstudio.session.note_array import Notes, changed
from seqstudio.session.operations import Operation

T = TypeVar("T", bound=Clip | Take)
Applied = tuple[Document, Operation]


def apply(document: Document, operation: Operation) -> Applied:
    """Do one operation.

    Returns
    -------
    the new document, and the operation that leads from it back to the identical old one

    Raises
    ------
    SeqStudioError
        If the operation does not fit the document: an id, a place or a note that is not there, a
        note that would leave the keyboard.
    """
    return APPLIED_BY[type(operation)](document, operation)


def _rename_session(document: Document, operation: ops.RenameSession) -> Applied:
    return replace(document, title=operation.title), ops.RenameSession(document.title)


def _add_clip(document: Document, operation: ops.AddClip) -> Applied:
    clip = operation.clip
    if clip.transcript is not None:
        clip = replace(clip, transcript=segments.with_whole_text(clip.transcript))
    clips = _inserted(document.clips, clip, operation.at)
    return replace(document, clips=clips), ops.RemoveClip(clip.id)


def _remove_clip(document: Document, operation: ops.RemoveClip) -> Applied:
    at = position(document.clips, operation.clip, "clip")
    clips = (*document.clips[:at], *document.clips[at + 1 :])
    return replace(document, clips=clips), ops.AddClip(document.clips[at], at)


def _rename_clip(document: Document, operation: ops.RenameClip) -> Applied:
    clip = document.clip(operation.clip)
    inverse = ops.RenameClip(clip.id, clip.name)
    return _with_clip(document, replace(clip, name=operation.name)), inverse


def _relink_clip(document: Document, operation: ops.RelinkClip) -> Applied:
    clip = document.clip(operation.clip)
    inverse = ops.RelinkClip(clip.id, clip.path)
    return _with_clip(document, replace(clip, path=operation.path)), inverse


def _set_transcript(document: Document, operation: ops.SetTranscript) -> Applied:
    clip = document.clip(operation.clip)
    whole = operation.transcript and segments.with_whole_text(operation.transcript)
    inverse = ops.SetTranscript(clip.id, clip.transcript)
    return _with_clip(document, replace(clip, transcript=whole)), inverse


def _edit_word(document: Document, operation: ops.EditWord) -> Applied:
    old = segments.segment_of(_transcript(document, operation.clip), operation.segment)
    new = segments.with_word(old, operation.word, operation.text)
    return _set_segments(document, ops.SetSegments(operation.clip, operation.segment, 1, (new,)))


def _split_segment(document: Document, operation: ops.SplitSegment) -> Applied:
    old = segments.segment_of(_transcript(document, operation.clip), operation.segment)
    parts = segments.split(old, operation.word)
    return _set_segments(document, ops.SetSegments(operation.clip, operation.segment, 1, parts))


def _merge_segments(document: Document, operation: ops.MergeSegments) -> Applied:
    transcript = _transcript(document, operation.clip)
    first = segments.segment_of(transcript, operation.segment)
    second = segments.segment_of(transcript, operation.segment + 1)
    whole = (segments.merged(first, second),)
    return _set_segments(document, ops.SetSegments(operation.clip, operation.segment, 2, whole))


def _set_segments(document: Document, operation: ops.SetSegments) -> Applied:
    first, count, new = operation.first, operation.count, operation.segments
    old = _transcript(document, operation.clip)
    transcript = segments.with_segments(old, first, count, new)
    if not old.segments:  # then its text is not that of its segments
        inverse: Operation = ops.SetTranscript(operation.clip, old)
    else:
        replaced = old.segments[first : first + count]
        inverse = ops.SetSegments(operation.clip, first, len(new), replaced)
    clip = replace(document.clip(operation.clip), transcript=transcript)
    return _with_clip(document, clip), inverse


def _add_take(document: Document, operation: ops.AddTake) -> Applied:
    take = replace(operation.take, tracks=tuple(notes.ordered() for notes in operation.take.tracks))
    takes = _inserted(document.takes, take, operation.at)
    return replace(document, takes=takes), ops.RemoveTake(take.id)


def _remove_take(document: Document, operation: ops.RemoveTake) -> Applied:
    at = position(document.takes, operation.take, "take")
    takes = (*document.takes[:at], *document.takes[at + 1 :])
    return replace(document, takes=takes), ops.AddTake(document.takes[at], at)


def _rename_take(document: Document, operation: ops.RenameTake) -> Applied:
    take = document.take(operation.take)
    inverse = ops.RenameTake(take.id, take.name)
    return _with_take(document, replace(take, name=operation.name)), inverse


def _accept_take(document: Document, operation: ops.AcceptTake) -> Applied:
    take = document.take(operation.take)
    inverse = ops.AcceptTake(take.id, take.accepted)
    return _with_take(document, replace(take, accepted=operation.accepted)), inverse


def _add_notes(document: Document, operation: ops.AddNotes) -> Applied:
    nothing = operation.notes[:0]
    new = _with_notes(document, operation.take, operation.track, nothing, operation.notes)
    return new, ops.DeleteNotes(operation.take, operation.track, operation.notes)


def _delete_notes(document: Document, operation: ops.DeleteNotes) -> Applied:
    nothing = operation.notes[:0]
    new = _with_notes(document, operation.take, operation.track, operation.notes, nothing)
    return new, ops.AddNotes(operation.take, operation.track, operation.notes)


def _move_notes(document: Document, operation: ops.MoveNotes) -> Applied:
    take, track, ticks, semitones = (
        operation.take, operation.track, operation.ticks, operation.semitones
    )  # fmt: skip
    there = operation.notes.moved(ticks, semitones)
    new = _with_notes(document, take, track, operation.notes, there)
    return new, ops.MoveNotes(take, track, there, -ticks, -semitones)


def _set_velocity(document: Document, operation: ops.SetVelocity) -> Applied:
    by = operation.notes.with_row("velocity", operation.velocity)
    return _replace_notes(
        document, ops.ReplaceNotes(operation.take, operation.track, operation.notes, by)
    )


def _replace_notes(document: Document, operation: ops.ReplaceNotes) -> Applied:
    take, track, notes, by = operation.take, operation.track, operation.notes, operation.by
    return _with_notes(document, take, track, notes, by), ops.ReplaceNotes(take, track, by, notes)


def _together(document: Document, operation: ops.Together) -> Applied:
    inverses: list[Operation] = []
    for one in operation.operations:
        document, inverse = apply(document, one)
        inverses.insert(0, inverse)
    return document, ops.Together(operation.title, tuple(inverses))


APPLIED_BY: dict[type, Callable[[Document, Any], Applied]] = {
    ops.RenameSession: _rename_session,
    ops.AddClip: _add_clip,
    ops.RemoveClip: _remove_clip,
    ops.RenameClip: _rename_clip,
    ops.RelinkClip: _relink_clip,
    ops.SetTranscript: _set_transcript,
    ops.EditWord: _edit_word,
    ops.SplitSegment: _split_segment,
    ops.MergeSegments: _merge_segments,
    ops.SetSegments: _set_segments,
    ops.AddTake: _add_take,
    ops.RemoveTake: _remove_take,
    ops.RenameTake: _rename_take,
    ops.AcceptTake: _accept_take,
    ops.AddNotes: _add_notes,
    ops.DeleteNotes: _delete_notes,
    ops.MoveNotes: _move_notes,
    ops.SetVelocity: _set_velocity,
    ops.ReplaceNotes: _replace_notes,
    ops.Together: _together,
}


def _inserted(items: tuple[T, ...], item: T, at: int | None) -> tuple[T, ...]:
    place = len(items) if at is None else at
    if not 0 <= place <= len(items):
        raise SessionError(f"at={at}, expected 0 to {len(items)}")
    if any(one.id == item.id for one in items):
        raise SessionError(f"{item.name}: {item.id} is in this session already, expected a new id")
    return (*items[:place], item, *items[place:])


def _with_clip(document: Document, clip: Clip) -> Document:
    at = position(document.clips, clip.id, "clip")
    return replace(document, clips=(*document.clips[:at], clip, *document.clips[at + 1 :]))


def _with_take(document: Document, take: Take) -> Document:
    at = position(document.takes, take.id, "take")
    return replace(document, takes=(*document.takes[:at], take, *document.takes[at + 1 :]))


def _with_notes(
    document: Document,
    id: str,
    track: int,
    removed: Notes,
    added: Notes,
) -> Document:
    take = document.take(id)
    if not 0 <= track < len(take.tracks):
        raise SessionError(f"track={track}, expected 0 to {len(take.tracks) - 1}")
    notes = changed(take.tracks[track], removed, added)
    tracks = (*take.tracks[:track], notes, *take.tracks[track + 1 :])
    return _with_take(document, replace(take, tracks=tracks))


def _transcript(document: Document, id: str) -> Transcript:
    clip = document.clip(id)
    if clip.transcript is None:
        raise SessionError(f"{clip.name} has no transcript, expected one to edit")
    return clip.transcript
