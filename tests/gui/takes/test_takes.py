"""Takes without a widget: which are related, the texts on their cards, the files they write."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.takes.lineage import related_takes
from seqstudio.gui.takes.provenance_text import facts_of, provenance_problem, why_not_rerun
from seqstudio.gui.takes.summary import summarise
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.workspace.take_files import file_name, free_paths, midi_file, sweep_scratch
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.session.document import Document, Take
from seqstudio.session.edits import AddNotes, AddTake, DeleteNotes, RemoveTake
from seqstudio.session.note_array import Notes

DAY_S = 24 * 3600
NONE = Notes.of(())
RECORD = {
    "plugin": "music",
    "plugin_version": "0.1.0",
    "operation": "continue",
    "inputs": {},
    "options": {"bars": 4, "repair": False, "temperature": 0.8},
    "base_seed": 5,
    "take": 2,
    "seed": 77,
    "model": {"name": "music-folk", "sha256": "e2"},
    "device": "cpu",
}
INSTALLED = {"e2": "music-folk"}  # models: sha256 -> name


@pytest.fixture
def first(tune: Path) -> Take:
    return Take.of(tune.read_bytes(), "tune")


@pytest.fixture
def longer(first: Take) -> Take:
    """The tune, with a note in the twelfth bar (of six eighths)."""
    added = Note(1440 * 11 + 240, 60, 240)
    tracks = (first.tracks[0], Notes.of((*first.tracks[1], added)), first.tracks[2])
    return replace(
        first, id="longer", name="longer", tracks=tracks, parent=first.id, provenance=RECORD
    )


def ids(document: Document, id: str) -> list[tuple[str, int]]:
    return [(node.take.id, node.depth) for node in related_takes(document, id)]


def take(id: str, parent: str = "", provenance: dict[str, object] | None = None) -> Take:
    return Take(id=id, name=id, midi=b"", tracks=(), parent=parent, provenance=provenance or {})


def test_takes_of_one_root_are_related_as_a_tree() -> None:
    made = (take("a"), take("a1", "a"), take("other"), take("a2", "a"), take("a11", "a1"))
    document = Document(takes=made)
    whole = [("a", 0), ("a1", 1), ("a11", 2), ("a2", 1)]
    assert [ids(document, one) for one in ("a", "a1", "a11", "a2")] == [whole] * 4
    assert ids(document, "other") == [("other", 0)]


def test_takes_whose_parent_was_removed_stay_related() -> None:
    document = Document(takes=(take("a1", "gone"), take("b"), take("a2", "gone")))
    assert ids(document, "a2") == [("a1", 0), ("a2", 0)]


def test_pieces_generated_by_one_job_are_related() -> None:
    batch = [take(f"g{n}", provenance={**RECORD, "take": n, "seed": n}) for n in (1, 2)]
    other = take("h", provenance={**RECORD, "base_seed": 6})
    document = Document(takes=(batch[0], other, batch[1]))
    assert ids(document, "g2") == [("g1", 0), ("g2", 0)]


def test_without_a_current_take_all_are_listed() -> None:
    document = Document(takes=(take("a"), take("b"), take("a1", "a")))
    assert ids(document, "") == [("a", 0), ("a1", 1), ("b", 0)]


def test_a_summary_marks_new_notes_and_counts_missing_ones(first: Take, longer: Take) -> None:
    found = summarise(longer, first)
    assert (found.added, found.missing, found.first_added_bar) == (1, 0, 12)
    assert found.spans == ((33.0, 36.0),)  # beats: a bar of six eighths has three
    assert [run.pitch for run in found.runs if run.added] == [60]

    back = summarise(first, longer)
    assert (back.added, back.missing, back.first_added_bar) == (0, 1, 0)


def test_a_summary_of_many_notes_stays_small(first: Take) -> None:
    notes = tuple(Note(n * 120, 40 + n % 12, 120) for n in range(12_000))
    found = summarise(replace(first, tracks=(NONE, Notes.of(notes), NONE)))
    assert found.notes == 12_000
    assert len(found.runs) < 12_000
    assert {run.pitch for run in found.runs} == set(range(40, 52))


def test_a_take_without_notes_has_a_summary() -> None:
    found = summarise(Take.of(Score.new().to_bytes(), "empty"))
    assert (found.notes, found.runs, found.added) == (0, (), 0)


def test_provenance_is_described_in_words(workspace: Workspace, first: Take, longer: Take) -> None:
    workspace.do(AddTake(first))
    facts = facts_of(longer, workspace.document, workspace.studio.catalogue, INSTALLED)
    assert {fact.label: fact.text for fact in facts} == {
        "Made by": "Continue a piece (music 0.1.0)",
        "Source": "tune",
        "Model": "Folk tunes with chords (music-folk), on cpu",
        "Seed": "seed 5, take 2",
        "Options": "bars 4, repair off, temperature 0.8",
    }
    assert why_not_rerun(longer, workspace.studio.catalogue, INSTALLED) == ""


def test_a_take_of_a_removed_plugin_stays_readable(workspace: Workspace, longer: Take) -> None:
    orphan = replace(longer, provenance={**RECORD, "plugin": "parrot", "plugin_version": "1.2"})
    facts = facts_of(orphan, workspace.document, workspace.studio.catalogue, INSTALLED)
    assert facts[0].text == "continue (parrot 1.2), which is not installed"
    assert facts[1].text == "a take that was removed from this session"
    assert facts[-1].label == "Generate again"
    assert facts[-1].text == "Plugin parrot is not installed."


@pytest.mark.parametrize(
    ("models", "version", "model", "why_not", "short"),
    [
        (INSTALLED, "0.1.0", "", "", ""),
        ({"e2": "renamed"}, "0.1.0", "", "", ""),
        (
            {"f7": "music-folk"},
            "0.1.0",
            ", which is another one now",
            "Model music-folk is another one now.",
            "model another one now",
        ),
        (
            {},
            "0.1.0",
            ", which is not installed",
            "Model music-folk is not installed.",
            "model not installed",
        ),
        (INSTALLED, "0.0.9", "", "", "plugin 0.1.0 now"),
    ],
)
def test_a_take_says_which_of_its_tools_changed_or_are_missing(
    workspace: Workspace,
    longer: Take,
    models: dict[str, str],
    version: str,
    model: str,
    why_not: str,
    short: str,
) -> None:
    made = replace(longer, provenance={**RECORD, "plugin_version": version})
    catalogue = workspace.studio.catalogue
    facts = {
        fact.label: fact.text for fact in facts_of(made, workspace.document, catalogue, models)
    }
    assert facts["Model"] == f"Folk tunes with chords (music-folk){model}, on cpu"
    assert facts.get("Generate again", "") == why_not
    assert provenance_problem(made, catalogue, models) == short


def test_the_card_of_a_take_says_at_once_that_its_model_was_removed(
    workspace: Workspace, longer: Take, tmp_path: Path
) -> None:
    workspace.studio.models.add(Path(workspace.studio.models.find("music-folk").path), "mine")
    model = TakesModel(workspace)
    shipped = workspace.studio.models.find("music-folk").sha256
    provenance = {**RECORD, "model": {"name": "mine", "sha256": shipped}}
    workspace.do(AddTake(replace(longer, provenance=provenance)))
    workspace.select("longer")
    assert model.cards[0].provenance_text == "mine · seed 5, take 2"

    gone = {**provenance, "model": {"name": "mine", "sha256": "0" * 64}}
    workspace.do(AddTake(replace(longer, id="other", provenance=gone)))
    workspace.studio.models.remove("mine")
    workspace.refresh()
    workspace.select("other")
    assert model.cards[-1].provenance_text == "model not installed · mine · seed 5, take 2"
    assert model.why_not_rerun == "Model mine is not installed."


def test_the_cards_follow_edits(
    workspace: Workspace, qtbot: QtBot, first: Take, longer: Take
) -> None:
    model = TakesModel(workspace)
    workspace.do(AddTake(first))
    workspace.do(AddTake(longer))
    workspace.select("longer")
    qtbot.waitUntil(lambda: all(card.summary for card in model.cards))
    assert [card.size_text for card in model.cards] == [
        "9 bars · 64 notes · 10.8 s",
        "12 bars · 65 notes · 13.6 s",
    ]
    assert [card.changes_text for card in model.cards] == ["", "1 new note from bar 12"]
    assert model.cards[1].provenance_text == "model another one now · music-folk · seed 5, take 2"

    workspace.do(DeleteNotes("longer", 1, longer.tracks[1][-1:]))
    qtbot.waitUntil(lambda: model.cards[1].changes_text == "same notes as tune")
    workspace.do(AddNotes(first.id, 2, Notes.of((Note(0, 30, 480),))))
    qtbot.waitUntil(lambda: model.cards[1].changes_text == "without 1 note of tune")
    workspace.do(RemoveTake(first.id))
    qtbot.waitUntil(lambda: [card.changes_text for card in model.cards] == [""])


def test_removing_takes_is_one_step_and_selects_a_neighbour(
    workspace: Workspace, first: Take
) -> None:
    model = TakesModel(workspace)
    for number in range(3):
        workspace.do(AddTake(replace(first, id=f"t{number}", parent="gone")))
    workspace.select("t0")
    model.remove(["t0", "t1"])
    assert [one.id for one in workspace.document.takes] == ["t2"]
    assert workspace.selected_id == "t2"
    workspace.undo()
    assert [one.id for one in workspace.document.takes] == ["t0", "t1", "t2"]


def test_a_blank_name_is_ignored(workspace: Workspace, first: Take) -> None:
    model = TakesModel(workspace)
    workspace.do(AddTake(first))
    model.rename(first.id, "  ")
    assert workspace.document.takes[0].name == "tune"
    model.rename(first.id, " Verse ")
    assert workspace.document.takes[0].name == "Verse"


def test_a_file_has_the_edited_notes_and_the_name_of_the_take(
    workspace: Workspace, longer: Take
) -> None:
    path = midi_file(replace(longer, name="a/b: loud?"), workspace.studio.profile)
    assert path.name == "a-b- loud-.mid"
    assert Score.read(path).tracks[1].notes == longer.tracks[1]
    assert midi_file(replace(longer, name="a/b: loud?"), workspace.studio.profile) == path


def test_scratch_files_are_removed_a_month_after_their_last_use(
    workspace: Workspace, longer: Take
) -> None:
    profile = workspace.studio.profile
    old, new = (
        midi_file(longer, profile),
        midi_file(replace(longer, tracks=(NONE, NONE, NONE)), profile),
    )
    os.utime(old, (0, 0))
    os.utime(new, (40 * DAY_S, 40 * DAY_S))
    sweep_scratch(profile, now_s=41 * DAY_S)
    assert [old.parent.exists(), new.exists()] == [False, True]


@pytest.mark.parametrize(("name", "stem"), [("", "take"), ("..", "take"), ("a\nb", "a-b")])
def test_invalid_file_names_are_replaced(name: str, stem: str) -> None:
    assert file_name(name) == stem


def test_an_export_does_not_replace_files(
    workspace: Workspace, qtbot: QtBot, first: Take, tmp_path: Path
) -> None:
    (tmp_path / "tune.mid").write_bytes(b"mine")
    model = TakesModel(workspace)
    workspace.do(AddTake(first))
    qtbot.waitUntil(lambda: all(card.summary for card in model.cards))
    assert model.export([first.id], tmp_path) == [tmp_path / "tune 2.mid"]
    assert (tmp_path / "tune 2.mid").read_bytes() == first.midi
    assert (tmp_path / "tune.mid").read_bytes() == b"mine"
    assert free_paths(tmp_path, ["x", "x"]) == [tmp_path / "x.mid", tmp_path / "x 2.mid"]
