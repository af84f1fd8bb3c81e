"""Words with their times: which is heard, and what edits make of them, through a real session."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.recording.transcript import TranscriptModel
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Clip
from seqstudio.session.operations import AddClip, SetTranscript

HOUR_S = 3600.0


def words(text: str, start_s: float) -> tuple[Word, ...]:
    """One word every half second, of 0.4 s."""
    return tuple(
        Word(word=word, start_s=start_s + 0.5 * n, end_s=start_s + 0.5 * n + 0.4, confidence=0.9)
        for n, word in enumerate(text.split())
    )


def segment(text: str, start_s: float) -> Segment:
    said = words(text, start_s)
    return Segment(start_s=start_s, end_s=said[-1].end_s, text=text, words=said)


def transcript(*segments: Segment) -> Transcript:
    text = " ".join(one.text for one in segments)
    return Transcript(audio="a.flac", duration_s=9.0, text=text, segments=segments)


@pytest.fixture
def model(workspace: Workspace, recording: Path) -> TranscriptModel:
    clip = Clip.of(recording)
    workspace.do(AddClip(clip))
    model = TranscriptModel(workspace.do, workspace)
    workspace.changed.connect(
        lambda: model.show(clip.id, workspace.document.clip(clip.id).transcript)
    )
    spoken = transcript(segment("ONE TWO THREE", 1.0), segment("FOUR FIVE", 4.0))
    workspace.do(SetTranscript(clip.id, spoken))
    return model


def said(model: TranscriptModel) -> str:
    return "|".join(" ".join(w.word for w in one.words) for one in model.segments)


@pytest.mark.parametrize(
    ("second", "word"),
    [
        (0.9, None),
        (1.0, "ONE"),
        (1.39, "ONE"),
        (1.45, None),
        (1.5, "TWO"),
        (4.6, "FIVE"),
        (8, None),
    ],
)
def test_the_word_that_is_heard_is_lit(
    model: TranscriptModel, second: float, word: str | None
) -> None:
    model.light(second)
    assert (model.word(model.lit).word if model.lit else None) == word


def test_where_speakers_overlap_the_word_that_began_last_is_lit(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    workspace.do(SetTranscript(clip, transcript(segment("ONE TWO", 2.0), segment("AH", 1.8))))
    assert model.timeline.at(1.9) == Place(1, 0)
    assert model.timeline.at(2.1) == Place(0, 0)
    assert model.timeline.near(2.45) == Place(0, 0)
    assert [word.word for word in model.timeline.between(0, HOUR_S)] == ["AH", "ONE", "TWO"]


def test_a_word_is_edited_removed_and_made_several(
    model: TranscriptModel, workspace: Workspace
) -> None:
    model.edit(Place(0, 1), " TOO  MUCH ")
    assert said(model) == "ONE TOO MUCH THREE|FOUR FIVE"
    assert [w.start_s for w in model.segments[0].words[1:3]] == [
        1.5,
        pytest.approx(1.671, abs=1e-3),
    ]
    model.edit(Place(1, 0), "")
    assert said(model) == "ONE TOO MUCH THREE|FIVE"
    workspace.undo()
    workspace.undo()
    assert said(model) == "ONE TWO THREE|FOUR FIVE"


def test_an_edit_that_changes_nothing_is_no_step(
    model: TranscriptModel, workspace: Workspace
) -> None:
    steps = workspace.session.steps
    assert model.edit(Place(0, 0), "ONE ")
    assert workspace.session.steps == steps


def test_segments_are_split_at_the_word_in_hand_and_joined(model: TranscriptModel) -> None:
    model.take_up(Place(0, 0))
    assert not model.can_split
    model.take_up(Place(0, 2))
    model.split()
    assert said(model) == "ONE TWO|THREE|FOUR FIVE"
    assert model.current == Place(1, 0)
    model.merge()
    assert said(model) == "ONE TWO|THREE FOUR FIVE"
    model.take_up(Place(1, 2))
    assert not model.can_merge


def test_the_word_in_hand_moves_over_segments_and_stops_at_the_ends(
    model: TranscriptModel,
) -> None:
    assert model.step(1) == Place(0, 0)
    assert model.step(-1) is None
    assert model.step(3) == Place(1, 0)
    assert model.step(2) is None
    assert model.current == Place(1, 0)


def test_a_text_without_words_shares_its_time_and_is_edited_whole(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    bare = replace(segment("AB ABCD", 2.0), words=(), end_s=8.0)
    workspace.do(SetTranscript(clip, transcript(bare)))
    assert [(w.word, w.start_s, w.end_s) for w in model.timeline.between(0, HOUR_S)] == [
        ("AB", 2, 4),
        ("ABCD", 4, 8),
    ]

    model.edit(Place(0, 1), "B C")
    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert (kept.text, kept.segments[0].words) == ("AB B C", ())
    assert said(model) == "AB B C"


def test_a_transcript_of_one_text_alone_can_be_edited_too(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    workspace.do(SetTranscript(clip, Transcript(audio="a.flac", duration_s=4.0, text="ONE TWO")))
    model.edit(Place(0, 0), "THREE")
    assert said(model) == "THREE TWO"
    assert workspace.document.clips[0].transcript.text == "THREE TWO"  # type: ignore[union-attr]


def without_words(model: TranscriptModel, workspace: Workspace) -> Transcript:
    """Put in front a transcript of which only segments have times, from 2 s to 8 s."""
    bare = replace(segment("AB ABCD", 2.0), words=(), end_s=8.0, confidence=0.9)
    spoken = transcript(bare)
    workspace.do(SetTranscript(workspace.document.clips[0].id, spoken))
    model.take_up(Place(0, 1))
    return spoken


@pytest.mark.parametrize(
    ("playhead_s", "parted_s"), [(None, 4.0), (2.0, 4.0), (6.5, 6.5), (8.0, 4.0)]
)
def test_words_without_times_are_parted_at_the_playhead_or_by_their_letters(
    model: TranscriptModel, workspace: Workspace, playhead_s: float | None, parted_s: float
) -> None:
    before = without_words(model, workspace)
    model.split(playhead_s)

    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert [(one.text, one.start_s, one.end_s) for one in kept.segments] == [
        ("AB", 2.0, parted_s),
        ("ABCD", parted_s, 8.0),
    ]
    assert {(one.words, one.origin, one.confidence) for one in kept.segments} == {
        ((), "human", None)
    }
    assert model.current == Place(1, 0)
    assert workspace.session.undo_title == "Split a segment"
    workspace.undo()
    assert workspace.document.clips[0].transcript == before


def test_parts_without_times_join_into_what_they_were(
    model: TranscriptModel, workspace: Workspace
) -> None:
    (whole,) = without_words(model, workspace).segments
    model.split(3.0)
    model.take_up(Place(0, 0))
    model.merge()

    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert kept.segments == (replace(whole, origin="human", confidence=None),)


def test_a_text_without_any_segments_is_split_too(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    before = Transcript(audio="a.flac", duration_s=4.0, text="ONE TWO")
    workspace.do(SetTranscript(clip, before))
    model.take_up(Place(0, 1))
    model.split()
    assert said(model) == "ONE|TWO"
    workspace.undo()
    assert workspace.document.clips[0].transcript == before


def test_no_word_is_lost_where_only_one_of_two_joined_segments_has_word_times(
    model: TranscriptModel, workspace: Workspace
) -> None:
    bare = replace(segment("AB ABCD", 4.0), words=(), end_s=10.0)
    spoken = transcript(segment("ONE TWO", 1.0), bare)
    workspace.do(SetTranscript(workspace.document.clips[0].id, spoken))
    model.take_up(Place(0, 0))
    model.merge()
    assert said(model) == "ONE TWO AB ABCD"
    assert [(one.start_s, one.end_s) for one in model.segments[0].words[2:]] == [(4, 6), (6, 10)]


def test_the_words_of_a_segment_move_with_it_unless_they_still_fit(model: TranscriptModel) -> None:
    model.take_up(Place(0, 1))
    model.set_times(0.5, 2.5)
    assert [word.start_s for word in model.segments[0].words] == [1.0, 1.5, 2.0]
    model.set_times(6.0, 8.8)
    moved = model.segments[0]
    assert (moved.start_s, moved.end_s, moved.origin) == (6.0, 8.8, "human")
    assert [(word.start_s, word.end_s) for word in moved.words] == [
        (pytest.approx(start), pytest.approx(start + 0.8)) for start in (6.0, 7.0, 8.0)
    ]


def test_a_segment_without_word_times_gets_other_times_and_still_has_none(
    model: TranscriptModel, workspace: Workspace
) -> None:
    without_words(model, workspace)
    model.set_times(3.0, 6.0)
    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert [(one.start_s, one.end_s, one.words) for one in kept.segments] == [(3.0, 6.0, ())]


def test_a_segment_goes_with_its_last_word(model: TranscriptModel, workspace: Workspace) -> None:
    model.edit(Place(1, 0), "")
    assert said(model) == "ONE TWO THREE|FIVE"
    model.edit(Place(1, 0), "")
    assert said(model) == "ONE TWO THREE"
    assert workspace.session.undo_title == "Remove a segment"
    workspace.undo()
    assert said(model) == "ONE TWO THREE|FIVE"
