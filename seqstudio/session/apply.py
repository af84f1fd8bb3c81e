"""Applying edits to a document: a pure function that also returns the inverse edit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.session import edits
from seqstudio.session import segment_edits as segments
from seqstudio.session.document import Clip, Document, Take, index_of
from seqstudio.session.edits import Edit
from seqstudio.session.note_array import Notes, find_notes, replace_notes

T = TypeVar("T", bound=Clip | Take)
Applied = tuple[Document, Edit]


def apply(document: Document, edit: Edit) -> Applied:
    """Apply one edit.

    Returns
    -------
    the new document, and the edit that turns it back into the identical old one

    Raises
    ------
    SeqStudioError
        If the edit does not fit the document: an id, position or note does not exist, or a note
        would leave the keyboard.
    """
    return HANDLERS[type(edit)](document, edit)


def fitted(edit: Edit, document: Document) -> Edit:
    """Return an edit that inserts at the end where the list is shorter than it was."""
    match edit:
        case edits.AddClip(clip, at) if at is not None:
            return edits.AddClip(clip, min(at, len(document.clips)))
        case edits.AddTake(take, at) if at is not None:
            return edits.AddTake(take, min(at, len(document.takes)))
        case edits.CompoundEdit(title, parts):
            parts_fitted: list[Edit] = []
            for part in parts:
                parts_fitted.append(fitted(part, document))
                document, _ = apply(document, parts_fitted[-1])
            return edits.CompoundEdit(title, tuple(parts_fitted))
    return edit


def _rename_session(document: Document, edit: edits.RenameSession) -> Applied:
    return replace(document, title=edit.title), edits.RenameSession(document.title)


def _add_clip(document: Document, edit: edits.AddClip) -> Applied:
    clip = edit.clip
    if clip.transcript is not None:
        clip = replace(clip, transcript=segments.with_whole_text(clip.transcript))
    clips = _inserted(document.clips, clip, edit.at)
    return replace(document, clips=clips), edits.RemoveClip(clip.id)


def _remove_clip(document: Document, edit: edits.RemoveClip) -> Applied:
    at = index_of(document.clips, edit.clip, "clip")
    clips = (*document.clips[:at], *document.clips[at + 1 :])
    return replace(document, clips=clips), edits.AddClip(document.clips[at], at)


def _rename_clip(document: Document, edit: edits.RenameClip) -> Applied:
    clip = document.clip(edit.clip)
    inverse = edits.RenameClip(clip.id, clip.name)
    return _with_clip(document, replace(clip, name=edit.name)), inverse


def _relink_clip(document: Document, edit: edits.RelinkClip) -> Applied:
    clip = document.clip(edit.clip)
    inverse = edits.RelinkClip(clip.id, clip.path)
    return _with_clip(document, replace(clip, path=edit.path)), inverse


def _set_transcript(document: Document, edit: edits.SetTranscript) -> Applied:
    clip = document.clip(edit.clip)
    whole = edit.transcript and segments.with_whole_text(edit.transcript)
    inverse = edits.SetTranscript(clip.id, clip.transcript)
    return _with_clip(document, replace(clip, transcript=whole)), inverse


def _edit_word(document: Document, edit: edits.EditWord) -> Applied:
    old = segments.segment_of(_transcript(document, edit.clip), edit.segment)
    new = segments.with_word(old, edit.word, edit.text)
    return _set_segments(document, edits.SetSegments(edit.clip, edit.segment, 1, (new,)))


def _split_segment(document: Document, edit: edits.SplitSegment) -> Applied:
    old = segments.segment_of(_transcript(document, edit.clip), edit.segment)
    parts = segments.split(old, edit.word)
    return _set_segments(document, edits.SetSegments(edit.clip, edit.segment, 1, parts))


def _merge_segments(document: Document, edit: edits.MergeSegments) -> Applied:
    transcript = _transcript(document, edit.clip)
    first = segments.segment_of(transcript, edit.segment)
    second = segments.segment_of(transcript, edit.segment + 1)
    whole = (segments.merged(first, second),)
    return _set_segments(document, edits.SetSegments(edit.clip, edit.segment, 2, whole))


def _set_segments(document: Document, edit: edits.SetSegments) -> Applied:
    first, count, new = edit.first, edit.count, edit.segments
    old = _transcript(document, edit.clip)
    transcript = segments.with_segments(old, first, count, new)
    if not old.segments:  # then its text is not that of its segments
        inverse: Edit = edits.SetTranscript(edit.clip, old)
    else:
        replaced = old.segments[first : first + count]
        inverse = edits.SetSegments(edit.clip, first, len(new), replaced)
    clip = replace(document.clip(edit.clip), transcript=transcript)
    return _with_clip(document, clip), inverse


def _add_take(document: Document, edit: edits.AddTake) -> Applied:
    take = replace(edit.take, tracks=tuple(notes.ordered() for notes in edit.take.tracks))
    takes = _inserted(document.takes, take, edit.at)
    return replace(document, takes=takes), edits.RemoveTake(take.id)


def _remove_take(document: Document, edit: edits.RemoveTake) -> Applied:
    at = index_of(document.takes, edit.take, "take")
    takes = (*document.takes[:at], *document.takes[at + 1 :])
    return replace(document, takes=takes), edits.AddTake(document.takes[at], at)


def _rename_take(document: Document, edit: edits.RenameTake) -> Applied:
    take = document.take(edit.take)
    inverse = edits.RenameTake(take.id, take.name)
    return _with_take(document, replace(take, name=edit.name)), inverse


def _accept_take(document: Document, edit: edits.AcceptTake) -> Applied:
    take = document.take(edit.take)
    inverse = edits.AcceptTake(take.id, take.accepted)
    return _with_take(document, replace(take, accepted=edit.accepted)), inverse


def _star_take(document: Document, edit: edits.StarTake) -> Applied:
    take = document.take(edit.take)
    inverse = edits.StarTake(take.id, take.starred)
    return _with_take(document, replace(take, starred=edit.starred)), inverse


def _annotate_take(document: Document, edit: edits.AnnotateTake) -> Applied:
    take = document.take(edit.take)
    inverse = edits.AnnotateTake(take.id, take.note)
    return _with_take(document, replace(take, note=edit.note)), inverse


def _set_score(document: Document, edit: edits.SetScore) -> Applied:
    take = document.take(edit.take)
    tracks = tuple(notes.ordered() for notes in edit.tracks)
    for number, notes in enumerate(take.locked):
        kept = tracks[number] if number < len(tracks) else notes[:0]
        if (find_notes(kept, notes) < 0).any():
            raise SessionError(f"{take.name}: track {number + 1} has locked notes, expected none")
    inverse = edits.SetScore(take.id, take.midi, take.tracks)
    return _with_take(document, replace(take, midi=edit.midi, tracks=tracks)), inverse


def _lock_notes(document: Document, edit: edits.LockNotes) -> Applied:
    take, wanted = document.take(edit.take), edit.notes.ordered()
    if (find_notes(_track(take, edit.track), wanted) < 0).any():
        raise SessionError(f"{take.name}: no such notes to lock, expected some of the track")
    inverse = edits.LockNotes(take.id, edit.track, take.locked_in(edit.track))
    numbers = range(len(take.tracks))
    locked = tuple(wanted if n == edit.track else take.locked_in(n) for n in numbers)
    locked = locked if any(map(len, locked)) else ()
    return _with_take(document, replace(take, locked=locked)), inverse


def _add_notes(document: Document, edit: edits.AddNotes) -> Applied:
    none = edit.notes[:0]
    new = _with_notes(document, edit.take, edit.track, none, edit.notes)
    return new, edits.DeleteNotes(edit.take, edit.track, edit.notes)


def _delete_notes(document: Document, edit: edits.DeleteNotes) -> Applied:
    none = edit.notes[:0]
    new = _with_notes(document, edit.take, edit.track, edit.notes, none)
    return new, edits.AddNotes(edit.take, edit.track, edit.notes)


def _move_notes(document: Document, edit: edits.MoveNotes) -> Applied:
    take, track, ticks, semitones = (
        edit.take, edit.track, edit.ticks, edit.semitones
    )  # fmt: skip
    moved = edit.notes.moved(ticks, semitones)
    new = _with_notes(document, take, track, edit.notes, moved)
    return new, edits.MoveNotes(take, track, moved, -ticks, -semitones)


def _set_velocity(document: Document, edit: edits.SetVelocity) -> Applied:
    changed = edit.notes.with_field("velocity", edit.velocity)
    return _replace_notes(document, edits.ReplaceNotes(edit.take, edit.track, edit.notes, changed))


def _replace_notes(document: Document, edit: edits.ReplaceNotes) -> Applied:
    take, track, notes, by = edit.take, edit.track, edit.notes, edit.by
    return _with_notes(document, take, track, notes, by), edits.ReplaceNotes(take, track, by, notes)


def _compound_edit(document: Document, edit: edits.CompoundEdit) -> Applied:
    inverses: list[Edit] = []
    for one in edit.edits:
        document, inverse = apply(document, one)
        inverses.insert(0, inverse)
    return document, edits.CompoundEdit(edit.title, tuple(inverses))


HANDLERS: dict[type, Callable[[Document, Any], Applied]] = {
    edits.RenameSession: _rename_session,
    edits.AddClip: _add_clip,
    edits.RemoveClip: _remove_clip,
    edits.RenameClip: _rename_clip,
    edits.RelinkClip: _relink_clip,
    edits.SetTranscript: _set_transcript,
    edits.EditWord: _edit_word,
    edits.SplitSegment: _split_segment,
    edits.MergeSegments: _merge_segments,
    edits.SetSegments: _set_segments,
    edits.AddTake: _add_take,
    edits.RemoveTake: _remove_take,
    edits.RenameTake: _rename_take,
    edits.AcceptTake: _accept_take,
    edits.StarTake: _star_take,
    edits.AnnotateTake: _annotate_take,
    edits.SetScore: _set_score,
    edits.LockNotes: _lock_notes,
    edits.AddNotes: _add_notes,
    edits.DeleteNotes: _delete_notes,
    edits.MoveNotes: _move_notes,
    edits.SetVelocity: _set_velocity,
    edits.ReplaceNotes: _replace_notes,
    edits.CompoundEdit: _compound_edit,
}


def _inserted(items: tuple[T, ...], item: T, at: int | None) -> tuple[T, ...]:
    index = len(items) if at is None else at
    if not 0 <= index <= len(items):
        raise SessionError(f"at={at}, expected 0 to {len(items)}")
    if any(one.id == item.id for one in items):
        raise SessionError(f"{item.name}: {item.id} is in this session already, expected a new id")
    return (*items[:index], item, *items[index:])


def _with_clip(document: Document, clip: Clip) -> Document:
    at = index_of(document.clips, clip.id, "clip")
    return replace(document, clips=(*document.clips[:at], clip, *document.clips[at + 1 :]))


def _with_take(document: Document, take: Take) -> Document:
    at = index_of(document.takes, take.id, "take")
    return replace(document, takes=(*document.takes[:at], take, *document.takes[at + 1 :]))


def _with_notes(
    document: Document,
    id: str,
    track: int,
    removed: Notes,
    added: Notes,
) -> Document:
    take = document.take(id)
    notes = replace_notes(_track(take, track), removed, added)
    if (locked := take.locked_in(track)) and (find_notes(notes, locked) < 0).any():
        raise SessionError(f"{take.name}: these notes are locked, expected unlocked ones")
    tracks = (*take.tracks[:track], notes, *take.tracks[track + 1 :])
    return _with_take(document, replace(take, tracks=tracks))


def _track(take: Take, track: int) -> Notes:
    if not 0 <= track < len(take.tracks):
        raise SessionError(f"track={track}, expected 0 to {len(take.tracks) - 1}")
    return take.tracks[track]


def _transcript(document: Document, id: str) -> Transcript:
    clip = document.clip(id)
    if clip.transcript is None:
        raise SessionError(f"{clip.name} has no transcript, expected one to edit")
    return clip.transcript
