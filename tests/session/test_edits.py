"""Each edit does what it says, and its inverse restores the identical document."""

from dataclasses import replace
from random import Random
from typing import get_args

import pytest
from random_edits import new_clip, new_take, random_edit

from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.errors import DataError, SessionError
from seqstudio.media.midi import Score
from seqstudio.session import edits
from seqstudio.session.apply import apply
from seqstudio.session.codec import pack, unpack, unpack_edit
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.edits import Edit, title_of
from seqstudio.session.note_array import Notes

WORDS = (
    Word(word="hi", start_s=0.0, end_s=1.0, confidence=0.9),
    Word(word="yu", start_s=1.0, end_s=2.0, confidence=0.2),
    Word(word="all", start_s=2.0, end_s=3.0, confidence=0.9),
)
TRANSCRIPT = Transcript(
    audio="a.wav",
    duration_s=4.0,
    text="",
    segments=(
        Segment(start_s=0.0, end_s=3.0, text="Hi, yu all.", words=WORDS, confidence=0.6),
        Segment(start_s=3.0, end_s=4.0, text="Bye."),
    ),
)


@pytest.fixture
def clip() -> Clip:
    return replace(new_clip(Random(0)), id="CLIP", transcript=TRANSCRIPT)


@pytest.fixture
def take() -> Take:
    return replace(new_take(Random(0)), id="TAKE")


@pytest.fixture
def document(clip: Clip, take: Take) -> Document:
    first, _ = apply(Document(), edits.AddClip(clip))
    return apply(first, edits.AddTake(take))[0]


def transcript_after(document: Document, *operations: Edit) -> Transcript:
    for edit in operations:
        document, _ = apply(document, edit)
    found = document.clips[0].transcript
    assert found is not None
    return found


def test_inverses_of_any_edits_lead_back_through_the_same_documents() -> None:
    draw, document = Random(1), Document()
    history: list[tuple[Document, Edit]] = []
    for _ in range(400):
        edit = random_edit(document, draw)
        after, inverse = apply(document, edit)
        history.append((document, inverse))
        document = after
    for before, inverse in reversed(history):
        document, _ = apply(document, inverse)
        assert document == before


def test_packed_values_unpack_equal() -> None:
    draw, document = Random(2), Document()
    for _ in range(400):
        edit = random_edit(document, draw)
        document, inverse = apply(document, edit)
        for one in (edit, inverse):
            assert unpack_edit(pack(one), "step 1") == one
    assert unpack(Document, pack(document), "snapshot 1") == document


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no zlib", "step 1: Error -3 while decompressing data"),
        (pack({"do": "Erase"}), "step 1: 'Erase', expected what SeqStudio writes"),
        (pack({"do": "RemoveClip", "clip": 3}), r"step 1\.clip=3, expected str"),
        (pack({"do": "RemoveClip", "take": "a"}), "step 1: 'take', expected what"),
    ],
)
def test_bytes_that_are_not_an_edit_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(SessionError, match=f"^{message}"):
        unpack_edit(data, "step 1")


def test_an_edited_word_keeps_its_time_and_the_punctuation_around_it(
    document: Document, clip: Clip
) -> None:
    after = transcript_after(document, edits.EditWord(clip.id, 0, 1, "you"))

    assert after.text == "Hi, you all. Bye."
    assert after.segments[0].words[1] == Word(word="you", start_s=1.0, end_s=2.0)
    assert (after.segments[0].origin, after.segments[0].confidence) == ("human", None)
    assert after.segments[1] == TRANSCRIPT.segments[1]


def test_words_that_replace_one_share_its_time_by_letters(document: Document, clip: Clip) -> None:
    after = transcript_after(document, edits.EditWord(clip.id, 0, 1, " yes  u "))

    assert after.segments[0].text == "Hi, yes u all."
    assert after.segments[0].words[1:3] == (
        Word(word="yes", start_s=1.0, end_s=1.75),
        Word(word="u", start_s=1.75, end_s=2.0),
    )


def test_empty_text_removes_a_word(document: Document, clip: Clip) -> None:
    after = transcript_after(document, edits.EditWord(clip.id, 0, 1, ""))

    assert after.text == "Hi, all. Bye."
    assert after.segments[0].words == (WORDS[0], WORDS[2])


def test_a_segment_is_split_and_merged_at_its_words(document: Document, clip: Clip) -> None:
    split = transcript_after(document, edits.SplitSegment(clip.id, 0, 1))
    merged = transcript_after(
        document, edits.SplitSegment(clip.id, 0, 1), edits.MergeSegments(clip.id, 0)
    )

    assert [segment.text for segment in split.segments] == ["Hi,", "yu all.", "Bye."]
    assert [(s.start_s, s.end_s) for s in split.segments[:2]] == [(0.0, 1.0), (1.0, 3.0)]
    assert merged.segments[0] == replace(TRANSCRIPT.segments[0], confidence=None)


def test_undoing_a_removal_restores_the_clip_at_its_index_with_its_transcript(
    document: Document,
) -> None:
    clip = document.clips[0]
    more, _ = apply(document, edits.AddClip(new_clip(Random(5))))
    without, inverse = apply(more, edits.RemoveClip(clip.id))

    assert clip not in without.clips
    assert apply(without, inverse)[0] == more


def test_edited_notes_are_in_the_score_and_other_tracks_keep_their_bytes(take: Take) -> None:
    document, _ = apply(Document(), edits.AddTake(take))
    note = take.tracks[1][0]
    after, _ = apply(
        document, edits.MoveNotes(take.id, 1, Notes.of((note,)), ticks=7, semitones=-1)
    )
    score = after.takes[0].score

    assert replace(note, onset_ticks=7, pitch=59) in score.tracks[1].notes
    assert score.tracks[0].data == Score.from_bytes(take.midi).tracks[0].data
    assert document.takes[0].score.to_bytes() == take.midi


def test_a_new_take_has_the_notes_of_its_midi(take: Take) -> None:
    new = Take.of(take.midi, "tune", parent="p")

    assert (new.tracks, new.parent, new.accepted) == (take.tracks, "p", False)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (edits.RemoveClip("x"), "no clip 'x' in this session, expected one of its 1"),
        (edits.AcceptTake("x"), "no take 'x' in this session, expected one of its 1"),
        (edits.AddClip(new_clip(Random(9)), at=2), "at=2, expected 0 to 1"),
        (
            edits.AddTake(replace(new_take(Random(0)), id="TAKE")),
            "TAKE is in this session already",
        ),
        (edits.EditWord("CLIP", 2, 0, "a"), "segment=2, expected 0 to 1"),
        (edits.EditWord("CLIP", 0, 3, "a"), "word=3, expected 0 to 2"),
        (edits.SplitSegment("CLIP", 0, 0), "word=0 begins its segment already"),
        (edits.MergeSegments("CLIP", 1), "segment=2, expected 0 to 1"),
        (edits.SetSegments("CLIP", 1, 2, ()), r"segments 1\+2, expected some of the 2"),
        (edits.AddNotes("TAKE", 2, Notes.of(())), "track=2, expected 0 to 1"),
        (
            edits.DeleteNotes("TAKE", 1, Notes.of((Note(1, 1, 1),))),
            "no such note at onset 1, pitch 1",
        ),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(document: Document, edit: Edit, message: str) -> None:
    with pytest.raises(SessionError, match=message):
        apply(document, edit)


def test_a_note_never_leaves_the_keyboard(document: Document, take: Take) -> None:
    with pytest.raises(DataError, match="pitch=160, expected 0 to 127"):
        apply(document, edits.MoveNotes(take.id, 1, take.tracks[1][:1], semitones=100))


def test_editing_a_clip_without_a_transcript_is_an_error(document: Document, clip: Clip) -> None:
    without, _ = apply(document, edits.SetTranscript(clip.id, None))

    with pytest.raises(SessionError, match=f"^{clip.name} has no transcript, expected one"):
        apply(without, edits.EditWord(clip.id, 0, 0, "a"))


def test_every_edit_has_a_title() -> None:
    assert title_of(edits.RenameSession("a")) == "Rename the session"
    assert title_of(edits.CompoundEdit("Drop 3 files")) == "Drop 3 files"
    assert {*edits.TITLES, edits.CompoundEdit} == set(get_args(Edit))
