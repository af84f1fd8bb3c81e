import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.errors import ConfigError, JobError, SeqStudioError
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, JobFinished
from seqstudio.host.jobs.inputs import group_inputs
from seqstudio.host.jobs.outputs import output_stems
from seqstudio.host.studio import JobSpec, Studio
from tests.host.conftest import SHOUT

TUNE = """
def tune(request, job):
    for take in request.takes:
        text = f"take {take.number} seed {take.seed}"
        yield Result(outputs={"score": text, "notes": text}, take=take.number)


RUN = {"tune": tune}
"""
TUNE_MANIFEST = """
[[operations]]
name = "tune"
title = "Tune"
generative = true
inputs = [{ name = "primer", kind = "text", optional = true }]
outputs = [
    { name = "score", kind = "text", formats = ["txt"] },
    { name = "notes", kind = "text", formats = ["txt"] },
]
"""


@pytest.fixture
def composer(site: Any, home: Path) -> Studio:
    site.batch("composer", TUNE)
    (site.folder / "plugin_composer/seqstudio.toml").write_text(
        'schema = 1\nid = "composer"\ntitle = "C"\napi = ">=1.0,<2"\nlicense = "MIT"\n'
        + TUNE_MANIFEST
    )
    return Studio(home)


def tune(out: Path | None, **changes: Any) -> JobSpec:
    return JobSpec(plugin="composer", name="tune", out=out, **changes)


@pytest.mark.medium
def test_takes_are_numbered_and_the_seed_of_a_take_does_not_depend_on_the_others(
    composer: Studio, tmp_path: Path
) -> None:
    composer.submit(tune(tmp_path / "many.txt", seed=5, takes=3)).wait()
    composer.submit(tune(tmp_path / "one.txt", seed=5)).wait()
    assert sorted(path.name for path in tmp_path.glob("*.txt")) == [
        *("many.1.notes.txt", "many.1.txt", "many.2.notes.txt", "many.2.txt"),
        *("many.3.notes.txt", "many.3.txt", "one.notes.txt", "one.txt"),
    ]
    assert (tmp_path / "one.txt").read_text() == (tmp_path / "many.1.txt").read_text()


@pytest.mark.medium
def test_one_take_of_several_can_be_generated_again_alone(composer: Studio, tmp_path: Path) -> None:
    composer.submit(tune(tmp_path / "many.txt", seed=5, takes=3)).wait()
    handle = composer.submit(tune(tmp_path / "third.txt", seed=5, first_take=3))
    handle.wait()
    assert (tmp_path / "third.txt").read_text() == (tmp_path / "many.3.txt").read_text()
    assert composer.jobs.items(handle.id)[0].take == 3


@pytest.mark.medium
def test_a_drawn_seed_is_stored_and_reproduces_the_output(composer: Studio, tmp_path: Path) -> None:
    first = composer.submit(tune(tmp_path / "a.txt"))
    first.wait()
    composer.submit(tune(tmp_path / "b.txt", seed=first.seed)).wait()
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "b.txt").read_text()
    (item,) = composer.jobs.items(first.id)
    assert item.provenance["base_seed"] == first.seed
    assert item.provenance["plugin_version"] == "1.0"


def test_without_an_out_outputs_stay_in_the_jobs_folder(composer: Studio) -> None:
    handle = composer.submit(tune(None))
    (done,) = [event for event in handle.events() if isinstance(event, ItemDone)]
    folder = composer.profile.jobs / str(handle.id) / "outputs"
    assert done.outputs == (folder / "tune.txt", folder / "tune.notes.txt")
    assert all(path.is_file() for path in done.outputs)


@pytest.mark.medium
def test_a_folder_is_mirrored_and_equal_stems_keep_their_whole_names(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "deep/er/b.txt", "deep/b.md")
    inputs = {"words": (folder, folder / "deep/b.md")}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, out=tmp_path / "out", recursive=True)
    assert shouter.submit(spec).wait() == JobFinished(state="done", done=3)
    found = (path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in found) == [
        *("a.txt", "b.txt", "deep/er/b.txt"),
    ]
    names = output_stems([Path("x/a.wav"), Path("x/a.mp3"), Path("y/a.wav")])
    assert names == [Path("x/a.wav"), Path("x/a.mp3"), Path("y/a")]


def test_equal_names_in_different_folders_get_different_paths() -> None:
    entry = OperationEntry(
        name="t", title="T", runs="batch", inputs=(Port(name="words", kind="text", many=True),)
    )
    given = {"words": (Path("/one/a.txt"), Path("/two/a.txt"), Path("/two/b.txt"))}
    paths = [group.path for group in group_inputs(entry, given, recursive=False).groups]
    assert paths == [Path("one/a.txt"), Path("two/a.txt"), Path("b.txt")]


def test_an_output_never_replaces_its_own_input(
    shouter: Studio, words: Callable[..., Path]
) -> None:
    folder = words("a.txt")
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=folder)
    with pytest.raises(JobError, match=r"a\.txt: would replace an input, expected another --out$"):
        shouter.submit(spec)
    assert (folder / "a.txt").read_text() == "a"


def test_no_two_items_write_the_same_file(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    names = ("a.b", "a.c", "a.b.d", "A.b", "a.b-2.x")
    folder = words(*names)
    inputs = {"words": tuple(folder / name for name in names)}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, out=tmp_path / "out")
    handle = shouter.submit(spec)

    assert handle.wait() == JobFinished(state="done", done=5)
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert written == {
        **{"a.b.txt": "A", "a.c.txt": "A", "a.b.d.txt": "A.B"},
        **{"A.b-2.txt": "A", "a.b-2.x.txt": "A.B-2"},
    }
    assert handle.notes == (
        f"{folder}/A.b: its outputs are named A.b-2, since others have its name or it is long",
    )


@pytest.mark.parametrize(
    "name", [b"caf\xe9.txt", b"two\nlines.txt", b"x" * 240 + b".txt", "ü".encode() * 120 + b".txt"]
)
def test_a_file_of_any_name_is_done(shouter: Studio, tmp_path: Path, name: bytes) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / os.fsdecode(name)
    path.write_text("odd")
    spec = JobSpec(
        plugin="tiny", name="shout", inputs={"words": (path.parent,)}, out=tmp_path / "out"
    )
    event = next(e for e in shouter.submit(spec).events() if isinstance(e, ItemDone | ItemFailed))

    assert isinstance(event, ItemDone), event
    (written,) = event.outputs
    assert written.read_text() == "ODD"
    assert written.name[:4] == path.name[:4]


def test_files_of_other_kinds_are_counted_by_their_suffix(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "b.md", "c.md", "d.JPG", "noted", "deep/e.txt")
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=tmp_path / "out")
    handle = shouter.submit(spec)

    assert handle.wait().done == 1
    assert handle.notes == (
        f"{folder}: 1 folder not looked into; --recursive does",
        f"{folder}: not text, by suffix: 2 .md, 1 .jpg, 1 no suffix",
    )


def shout_over(studio: Studio, folder: Path, out: Path, **changes: Any) -> list[Any]:
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (folder,)}, out=out, **changes)
    return [e for e in studio.submit(spec).events() if isinstance(e, ItemDone | ItemFailed)]


def test_a_file_that_a_person_wrote_is_not_replaced(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder, out = words("a.txt", "b.txt"), tmp_path / "out"
    out.mkdir()
    (out / "a.txt").write_text("by hand")
    failed, done = shout_over(shouter, folder, out)

    assert isinstance(failed, ItemFailed)
    assert isinstance(done, ItemDone)
    assert "out/a.txt: a file that SeqStudio has not written" in failed.reason
    assert "--overwrite" in failed.reason
    assert (out / "a.txt").read_text() == "by hand"


@pytest.mark.medium
def test_a_result_that_a_person_corrected_is_not_replaced(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder, out = words("a.txt"), tmp_path / "out"
    shout_over(shouter, folder, out)
    (out / "a.txt").write_text("A, corrected")
    (failed,) = shout_over(shouter, folder, out, options={"times": 2})
    assert isinstance(failed, ItemFailed)
    assert (out / "a.txt").read_text() == "A, corrected"

    for number, text in enumerate(("A, corrected", "again"), start=1):
        (out / "a.txt").write_text(text)
        (done,) = shout_over(shouter, folder, out, options={"times": 2}, overwrite=True)
        kept = out / ("a.txt.bak" if number == 1 else "a.txt.bak2")
        assert done.kept == (kept,)
        assert (kept.read_text(), (out / "a.txt").read_text()) == (text, "AA")


@pytest.mark.medium
def test_what_the_same_profile_wrote_is_replaced(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder, out = words("a.txt"), tmp_path / "out"
    for times in (1, 2, 3):
        (done,) = shout_over(shouter, folder, out, options={"times": times})
        assert done.kept == ()
    assert (out / "a.txt").read_text() == "AAA"


@pytest.mark.medium
def test_a_file_that_appears_while_its_item_runs_is_not_replaced(
    site: Any, home: Path, words: Callable[..., Path], tmp_path: Path
) -> None:
    code = """
    import time


    def shout(request, job):
        job.progress(0.5)
        time.sleep(1)
        yield Result(outputs={"text": "LOUD"})


    RUN = {"shout": shout}
    """
    site.batch("tiny", code)
    target = tmp_path / "out/a.txt"
    target.parent.mkdir()
    inputs = {"words": (words("a.txt"),)}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, out=target.parent)
    failed = []
    for event in Studio(home).submit(spec).events():
        if isinstance(event, ItemProgress) and not target.exists():
            target.write_text("by hand, meanwhile")
        failed += [event] if isinstance(event, ItemFailed) else []

    assert len(failed) == 1
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]
    assert target.read_text() == "by hand, meanwhile"


def test_a_missing_input_fails_by_name_and_the_others_are_done(
    shouter: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt")
    os.mkfifo(folder / "pipe.txt")
    (folder / "link.txt").symlink_to("nowhere.txt")
    inputs = {"words": (tmp_path / "gone.txt", folder)}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, out=tmp_path / "out")
    events = list(shouter.submit(spec).events())
    assert {event.reason for event in events if isinstance(event, ItemFailed)} == {
        f"{tmp_path / 'gone.txt'}: no such file, expected one to read",
        f"{folder / 'link.txt'}: no such file, expected one to read",
        f"{folder / 'pipe.txt'}: a pipe or device, expected a file",
    }
    assert events[-1] == JobFinished(state="done", done=1, failed=3)


def test_a_folder_is_refused_where_one_file_is_expected(tmp_path: Path) -> None:
    port = Port(name="primer", kind="midi")
    entry = OperationEntry(name="go", title="Go", runs="single", inputs=(port,))
    (tmp_path / "a.mid").write_bytes(b"")
    with pytest.raises(JobError, match=r": a folder, expected one midi file$"):
        group_inputs(entry, {"primer": (tmp_path,)}, recursive=False)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"inputs": {}}, r"^shout: no words given, expected a file$"),
        ({"formats": ("wav",)}, r"^shout: no format 'wav', expected one of: txt"),
        ({"options": {"times": 10}}, r"^times=10, expected at most 9$"),
        ({"options": {"times": "two"}}, r"^times='two', expected int$"),
        ({"options": {"loud": True}}, r"^shout: no option 'loud', expected one of: times$"),
        ({"takes": 2}, r"^shout: takes=2, expected 1: it is not generative$"),
        ({"first_take": 2}, r"^shout: first_take=2, expected 1: it is not generative$"),
        ({"model": "speech"}, r"^tiny shout uses no model, not speech$"),
        ({"name": "whisper"}, r"^tiny has no operation 'whisper', expected one of: shout$"),
        ({"plugin": "huge"}, r"^no plugin 'huge', expected one of: .*tiny"),
    ],
)
def test_an_invalid_spec_is_refused_before_anything_runs(
    shouter: Studio, words: Callable[..., Path], changes: dict[str, Any], text: str
) -> None:
    fields: dict[str, Any] = {
        "plugin": "tiny",
        "name": "shout",
        "inputs": {"words": (words("a.txt"),)},
    }
    with pytest.raises(Exception, match=text):
        shouter.submit(JobSpec(**{**fields, **changes}))
    assert shouter.jobs.list() == ()


def test_a_recogniser_is_no_model_of_another_task(
    site: Any, home: Path, words: Callable[..., Path]
) -> None:
    site.install("ears", '[[recognisers]]\nname = "ear"\ntask = "speech.ctc"\n', "")
    site.batch("tiny", SHOUT)
    for plugin, name, port, text in (
        (
            "text",
            "tag",
            "text",
            r"^tag: recogniser 'ear' of speech\.ctc, expected a model of text\.tag$",
        ),
        ("tiny", "shout", "words", r"^tiny shout uses no model, not ear$"),
    ):
        inputs = {port: (words("a.txt"),)}
        with pytest.raises(SeqStudioError, match=text):
            Studio(home).submit(JobSpec(plugin=plugin, name=name, inputs=inputs, model="ear"))


def test_an_option_that_is_required_has_to_be_given(
    site: Any, home: Path, words: Callable[..., Path]
) -> None:
    site.functions("tiny", site.manifest("shout") + "required = true\n", SHOUT)
    manifest = site.folder / "plugin_tiny/seqstudio.toml"
    manifest.write_text(manifest.read_text().replace("default = 1\n", ""))
    inputs = {"words": (words("a.txt"),)}
    studio, spec = Studio(home), JobSpec(plugin="tiny", name="shout", inputs=inputs)
    with pytest.raises(ConfigError, match=r"^shout: times is not set, expected int$"):
        studio.submit(spec)
    events = studio.submit(replace(spec, options={"times": 2})).events()
    assert [event.summary for event in events if isinstance(event, ItemDone)] == ["2 letters"]


def test_an_empty_folder_is_an_error_that_names_the_expected_suffixes(
    shouter: Studio, tmp_path: Path
) -> None:
    spec = JobSpec(plugin="tiny", name="shout", inputs={"words": (tmp_path,)})
    with pytest.raises(JobError, match=r"no text in this folder, expected \.txt \(--recursive"):
        shouter.submit(spec)
