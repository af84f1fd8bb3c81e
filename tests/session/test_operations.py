"""Each operation does what it says, and its inverse leads back to the identical document."""

from dataclasses import replace
from random import Random
from typing import get_args

import pytest
from random_edits import new_clip, new_take, random_operation

from seqstudio.contracts.notes import Note
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.errors import DataError, SessionError
from seqstudio.media.midi import Score
from seqstudio.session import operations as ops
from seqstudio.session.apply import apply
from seqstudio.session.codec import pack, unpack, unpack_operation
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import Operation, title_of

WORDS = (
    Word(word="hi", start_s=0.0, end_s=1.0, confidence=0.9),
    Word(word="yu", start_s=1.0, end_s=2.0, confidence=0.2),
    Word(word="all", start_s=2.0, end_s=3.0, confidence=0.9),
)
HEARD = Transcript(
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
    return replace(new_clip(Random(0)), id="CLIP", transcript=HEARD)


@pytest.fixture
def take() -> Take:
    return replace(new_take(Random(0)), id="TAKE")


@pytest.fixture
def document(clip: Clip, take: Take) -> Document:
    first, _ = apply(Document(), ops.AddClip(clip))
    return apply(first, ops.AddTake(take))[0]


def transcript_after(document: Document, *operations: Operation) -> Transcript:
    for operation in operations:
        document, _ = apply(document, operation)
    found = document.clips[0].transcript
    assert found is not None
    return found


def test_inverses_of_any_operations_lead_back_through_the_same_documents() -> None:
    draw, document = Random(1), Document()
    history: list[tuple[Document, Operation]] = []
    for _ in range(400):
        operation = random_operation(document, draw)
        after, inverse = apply(document, operation)
        history.append((document, inverse))
        document = after
    for before, inverse in reversed(history):
        document, _ = apply(document, inverse)
        assert document == before


def test_what_is_packed_comes_back_equal() -> None:
    draw, document = Random(2), Document()
    for _ in range(400):
        operation = random_operation(document, draw)
        document, inverse = apply(document, operation)
        for one in (operation, inverse):
            assert unpack_operation(pack(one), "step 1") == one
    assert unpack(Document, pack(document), "snapshot 1") == document


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no zlib", "step 1: Error -3 while decompressing data"),
        (pack({"do": "Erase"}), "step 1: 'Erase', expected what SeqStudio writes"),
        (pack({"do": "RemoveClip", "clip": 3}), r"step 1\.clip=3, expected str"),
        (pack({"do": "RemoveClip", "take": "a"}), "step 1: 'take', expected what"),
    ],
)
def test_bytes_that_are_no_operation_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(SessionError, match=f"^{said}"):
        unpack_operation(data, "step 1")


def test_an_edited_word_keeps_its_time_and_the_signs_around_it(
    document: Document, clip: Clip
) -> None:
    after = transcript_after(document, ops.EditWord(clip.id, 0, 1, "you"))

    assert after.text == "Hi, you all. Bye."
    assert after.segments[0].words[1] == Word(word="you", start_s=1.0, end_s=2.0)
    assert (after.segments[0].origin, after.segments[0].confidence) == ("human", None)
    assert after.segments[1] == HEARD.segments[1]


def test_several_words_in_the_place_of_one_share_its_time_by_letters(
    document: Document, clip: Clip
) -> None:
    after = transcript_after(document, ops.EditWord(clip.id, 0, 1, " yes  u "))

    assert after.segments[0].text == "Hi, yes u all."
    assert after.segments[0].words[1:3] == (
        Word(word="yes", start_s=1.0, end_s=1.75),
        Word(word="u", start_s=1.75, end_s=2.0),
    )


def test_no_text_removes_a_word(document: Document, clip: Clip) -> None:
    after = transcript_after(document, ops.EditWord(clip.id, 0, 1, ""))

    assert after.text == "Hi, all. Bye."
    assert after.segments[0].words == (WORDS[0], WORDS[2])


def test_a_segment_is_split_and_merged_at_its_words(document: Document, clip: Clip) -> None:
    apart = transcript_after(document, ops.SplitSegment(clip.id, 0, 1))
    whole = transcript_after(
        document, ops.SplitSegment(clip.id, 0, 1), ops.MergeSegments(clip.id, 0)
    )

    assert [segment.text for segment in apart.segments] == ["Hi,", "yu all.", "Bye."]
    assert [(s.start_s, s.end_s) for s in apart.segments[:2]] == [(0.0, 1.0), (1.0, 3.0)]
    assert whole.segments[0] == replace(HEARD.segments[0], confidence=None)


def test_a_removed_clip_comes_back_to_its_place_with_its_transcript(document: Document) -> None:
    clip = document.clips[0]
    more, _ = apply(document, ops.AddClip(new_clip(Random(5))))
    without, inverse = apply(more, ops.RemoveClip(clip.id))

    assert clip not in without.clips
    assert apply(without, inverse)[0] == more


def test_edited_notes_are_in_the_score_and_other_tracks_are_byte_for_byte(take: Take) -> None:
    document, _ = apply(Document(), ops.AddTake(take))
    note = take.tracks[1][0]
    after, _ = apply(document, ops.MoveNotes(take.id, 1, Notes.of((note,)), ticks=7, semitones=-1))
    score = after.takes[0].score

    assert replace(note, onset_ticks=7, pitch=59) in score.tracks[1].notes
    assert score.tracks[0].data == Score.from_bytes(take.midi).tracks[0].data
    assert document.takes[0].score.to_bytes() == take.midi


def test_a_take_begins_with_the_notes_of_its_midi(take: Take) -> None:
    begun = Take.of(take.midi, "tune", parent="p")

    assert (begun.tracks, begun.parent, begun.accepted) == (take.tracks, "p", False)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (ops.RemoveClip("x"), "no clip 'x' in this session, expected one of its 1"),
        (ops.AcceptTake("x"), "no take 'x' in this session, expected one of its 1"),
        (ops.AddClip(new_clip(Random(9)), at=2), "at=2, expected 0 to 1"),
        (
            ops.AddTake(replace(new_take(Random(0)), id="TAKE")),
            "TAKE is in this session already",
        ),
        (ops.EditWord("CLIP", 2, 0, "a"), "segment=2, expected 0 to 1"),
        (ops.EditWord("CLIP", 0, 3, "a"), "word=3, expected 0 to 2"),
        (ops.SplitSegment("CLIP", 0, 0), "word=0 begins its segment already"),
        (ops.MergeSegments("CLIP", 1), "segment=2, expected 0 to 1"),
        (ops.SetSegments("CLIP", 1, 2, ()), r"segments 1\+2, expected some of the 2"),
        (ops.AddNotes("TAKE", 2, Notes.of(())), "track=2, expected 0 to 1"),
        (
            ops.DeleteNotes("TAKE", 1, Notes.of((Note(1, 1, 1),))),
            "no such note at onset 1, pitch 1",
        ),
    ],
)
def test_an_operation_that_does_not_fit_is_refused(
    document: Document, operation: Operation, said: str
) -> None:
    with pytest.raises(SessionError, match=said):
        apply(document, operation)


def test_a_note_never_leaves_the_keyboard(document: Document, take: Take) -> None:
    with pytest.raises(DataError, match="pitch=160, expected 0 to 127"):
        apply(document, ops.MoveNotes(take.id, 1, take.tracks[1][:1], semitones=100))


def test_editing_what_was_never_transcribed_says_so(document: Document, clip: Clip) -> None:
    silent, _ = apply(document, ops.SetTranscript(clip.id, None))

    with pytest.raises(SessionError, match=f"^{clip.name} has no transcript, expected one"):
        apply(silent, ops.EditWord(clip.id, 0, 0, "a"))


def test_every_operation_has_a_title() -> None:
    assert title_of(ops.RenameSession("a")) == "Rename the session"
    assert title_of(ops.Together("Drop 3 files")) == "Drop 3 files"
    assert {*ops.TITLES, ops.Together} == set(get_args(Operation))
