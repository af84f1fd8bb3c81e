"""Words with their times: the highlighted word, and edits through a real session."""

from dataclasses import replace
from pathlib import Path

import pytest

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.gui.recording.transcript import TranscriptModel
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Clip
from seqstudio.session.edits import AddClip, SetTranscript

HOUR_S = 3600.0


def words(text: str, start_s: float) -> tuple[Word, ...]:
    """Return a word of 0.4 s every half second."""
    return tuple(
        Word(word=word, start_s=start_s + 0.5 * n, end_s=start_s + 0.5 * n + 0.4, confidence=0.9)
        for n, word in enumerate(text.split())
    )


def segment(text: str, start_s: float) -> Segment:
    spoken = words(text, start_s)
    return Segment(start_s=start_s, end_s=spoken[-1].end_s, text=text, words=spoken)


def transcript(*segments: Segment) -> Transcript:
    text = " ".join(one.text for one in segments)
    return Transcript(audio="a.flac", duration_s=9.0, text=text, segments=segments)


@pytest.fixture
def model(workspace: Workspace, recording: Path) -> TranscriptModel:
    clip = Clip.of(recording)
    workspace.do(AddClip(clip))
    workspace.select(clip.id)
    model = TranscriptModel(workspace.do, workspace)
    workspace.changed.connect(
        lambda: model.show(clip.id, workspace.document.clip(clip.id).transcript)
    )
    spoken = transcript(segment("ONE TWO THREE", 1.0), segment("FOUR FIVE", 4.0))
    workspace.do(SetTranscript(clip.id, spoken))
    return model


def words_of(model: TranscriptModel) -> str:
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
def test_the_word_at_a_time_is_highlighted(
    model: TranscriptModel, second: float, word: str | None
) -> None:
    model.highlight(second)
    assert (model.word(model.highlighted).word if model.highlighted else None) == word


def test_of_overlapping_words_the_last_to_start_is_highlighted(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    workspace.do(SetTranscript(clip, transcript(segment("ONE TWO", 2.0), segment("AH", 1.8))))
    assert model.word_index.at(1.9) == WordPosition(1, 0)
    assert model.word_index.at(2.1) == WordPosition(0, 0)
    assert model.word_index.near(2.45) == WordPosition(0, 0)
    assert [word.word for word in model.word_index.between(0, HOUR_S)] == ["AH", "ONE", "TWO"]


def test_a_word_is_edited_removed_and_replaced_by_several(
    model: TranscriptModel, workspace: Workspace
) -> None:
    model.edit(WordPosition(0, 1), " TOO  MUCH ")
    assert words_of(model) == "ONE TOO MUCH THREE|FOUR FIVE"
    assert [w.start_s for w in model.segments[0].words[1:3]] == [
        1.5,
        pytest.approx(1.671, abs=1e-3),
    ]
    model.edit(WordPosition(1, 0), "")
    assert words_of(model) == "ONE TOO MUCH THREE|FIVE"
    workspace.undo()
    workspace.undo()
    assert words_of(model) == "ONE TWO THREE|FOUR FIVE"


def test_an_edit_without_a_change_is_not_a_step(
    model: TranscriptModel, workspace: Workspace
) -> None:
    steps = workspace.session.steps
    assert model.edit(WordPosition(0, 0), "ONE ")
    assert workspace.session.steps == steps


def test_segments_are_split_at_the_current_word_and_merged(model: TranscriptModel) -> None:
    model.set_current(WordPosition(0, 0))
    assert not model.can_split
    model.set_current(WordPosition(0, 2))
    model.split()
    assert words_of(model) == "ONE TWO|THREE|FOUR FIVE"
    assert model.current == WordPosition(1, 0)
    model.merge()
    assert words_of(model) == "ONE TWO|THREE FOUR FIVE"
    model.set_current(WordPosition(1, 2))
    assert not model.can_merge


@pytest.mark.medium
def test_the_current_word_moves_across_segments_and_stops_at_the_ends(
    model: TranscriptModel,
) -> None:
    assert model.move_current(1) == WordPosition(0, 0)
    assert model.move_current(-1) is None
    assert model.move_current(3) == WordPosition(1, 0)
    assert model.move_current(2) is None
    assert model.current == WordPosition(1, 0)


def test_a_segment_without_word_times_is_edited_as_a_whole(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    bare = replace(segment("AB ABCD", 2.0), words=(), end_s=8.0)
    workspace.do(SetTranscript(clip, transcript(bare)))
    assert [(w.word, w.start_s, w.end_s) for w in model.word_index.between(0, HOUR_S)] == [
        ("AB", 2, 4),
        ("ABCD", 4, 8),
    ]

    model.edit(WordPosition(0, 1), "B C")
    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert (kept.text, kept.segments[0].words) == ("AB B C", ())
    assert words_of(model) == "AB B C"


def test_a_transcript_without_segments_can_be_edited(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    workspace.do(SetTranscript(clip, Transcript(audio="a.flac", duration_s=4.0, text="ONE TWO")))
    model.edit(WordPosition(0, 0), "THREE")
    assert words_of(model) == "THREE TWO"
    assert workspace.document.clips[0].transcript.text == "THREE TWO"  # type: ignore[union-attr]


def without_words(model: TranscriptModel, workspace: Workspace) -> Transcript:
    """Show a transcript with segment times only, from 2 s to 8 s."""
    bare = replace(segment("AB ABCD", 2.0), words=(), end_s=8.0, confidence=0.9)
    spoken = transcript(bare)
    workspace.do(SetTranscript(workspace.document.clips[0].id, spoken))
    model.set_current(WordPosition(0, 1))
    return spoken


@pytest.mark.parametrize(
    ("playhead_s", "split_s"), [(None, 4.0), (2.0, 4.0), (6.5, 6.5), (8.0, 4.0)]
)
def test_a_segment_without_word_times_is_split_at_the_playhead_or_by_letters(
    model: TranscriptModel, workspace: Workspace, playhead_s: float | None, split_s: float
) -> None:
    before = without_words(model, workspace)
    model.split(playhead_s)

    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert [(one.text, one.start_s, one.end_s) for one in kept.segments] == [
        ("AB", 2.0, split_s),
        ("ABCD", split_s, 8.0),
    ]
    assert {(one.words, one.origin, one.confidence) for one in kept.segments} == {
        ((), "human", None)
    }
    assert model.current == WordPosition(1, 0)
    assert workspace.undo_title == "Split a segment"
    workspace.undo()
    assert workspace.document.clips[0].transcript == before


def test_split_segments_without_word_times_merge_back(
    model: TranscriptModel, workspace: Workspace
) -> None:
    (whole,) = without_words(model, workspace).segments
    model.split(3.0)
    model.set_current(WordPosition(0, 0))
    model.merge()

    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert kept.segments == (replace(whole, origin="human", confidence=None),)


def test_a_transcript_without_segments_can_be_split(
    model: TranscriptModel, workspace: Workspace
) -> None:
    clip = workspace.document.clips[0].id
    before = Transcript(audio="a.flac", duration_s=4.0, text="ONE TWO")
    workspace.do(SetTranscript(clip, before))
    model.set_current(WordPosition(0, 1))
    model.split()
    assert words_of(model) == "ONE|TWO"
    workspace.undo()
    assert workspace.document.clips[0].transcript == before


def test_merging_segments_with_and_without_word_times_keeps_all_words(
    model: TranscriptModel, workspace: Workspace
) -> None:
    bare = replace(segment("AB ABCD", 4.0), words=(), end_s=10.0)
    spoken = transcript(segment("ONE TWO", 1.0), bare)
    workspace.do(SetTranscript(workspace.document.clips[0].id, spoken))
    model.set_current(WordPosition(0, 0))
    model.merge()
    assert words_of(model) == "ONE TWO AB ABCD"
    assert [(one.start_s, one.end_s) for one in model.segments[0].words[2:]] == [(4, 6), (6, 10)]


def test_the_words_of_a_segment_move_with_it_unless_they_still_fit(model: TranscriptModel) -> None:
    model.set_current(WordPosition(0, 1))
    model.set_times(0.5, 2.5)
    assert [word.start_s for word in model.segments[0].words] == [1.0, 1.5, 2.0]
    model.set_times(6.0, 8.8)
    moved = model.segments[0]
    assert (moved.start_s, moved.end_s, moved.origin) == (6.0, 8.8, "human")
    assert [(word.start_s, word.end_s) for word in moved.words] == [
        (pytest.approx(start), pytest.approx(start + 0.8)) for start in (6.0, 7.0, 8.0)
    ]


def test_a_segment_without_word_times_gets_new_times(
    model: TranscriptModel, workspace: Workspace
) -> None:
    without_words(model, workspace)
    model.set_times(3.0, 6.0)
    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert [(one.start_s, one.end_s, one.words) for one in kept.segments] == [(3.0, 6.0, ())]


def test_a_segment_is_removed_with_its_last_word(
    model: TranscriptModel, workspace: Workspace
) -> None:
    model.edit(WordPosition(1, 0), "")
    assert words_of(model) == "ONE TWO THREE|FIVE"
    model.edit(WordPosition(1, 0), "")
    assert words_of(model) == "ONE TWO THREE"
    assert workspace.undo_title == "Remove a segment"
    workspace.undo()
    assert words_of(model) == "ONE TWO THREE|FIVE"
