"""A plugin that is linked is used where its author writes it."""

import json
from pathlib import Path

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile
from seqstudio.host.store.development import JobLogs, load, stamps
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.store.store import Store
from seqstudio.host.studio import JobSpec, Studio

CODE = "src/seqstudio_parrot/__init__.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_plugin(tmp_path / "parrot", "parrot", "operation")
    return tmp_path / "parrot"


def reverse(profile: Profile, folder: Path) -> str:
    """Run the plugin's operation and return what it wrote."""
    (folder / "poem.txt").write_text("one two\n")
    spec = JobSpec(plugin="parrot", name="reverse", inputs={"words": (folder / "poem.txt",)})
    studio = Studio(profile.home)
    handle = studio.submit(spec)
    finished = handle.wait()
    assert finished.state == "done", studio.log(handle.id).read_text()
    (item,) = studio.jobs.items(handle.id)
    assert "+dev." in item.provenance["plugin_version"]
    (output,) = item.outputs
    return Path(output.path).read_text()


def edit(project: Path, old: str, new: str) -> None:
    code = (project / CODE).read_text()
    assert old in code
    (project / CODE).write_text(code.replace(old, new))


@pytest.mark.medium
def test_the_next_job_runs_what_was_saved(project: Path, profile: Profile, tmp_path: Path) -> None:
    store = Store(profile)
    assert store.link(project) == "parrot"
    assert reverse(profile, tmp_path) == "two one\n"
    edit(project, "reversed(line.split())", "line.upper().split()")
    assert reverse(profile, tmp_path) == "ONE TWO\n"
    store.unlink("parrot")

    assert "parrot" not in {plugin.id for plugin in Catalogue.load(profile).plugins}
    assert not (profile.home / "plugins.json").exists()


@pytest.mark.medium
def test_the_installed_version_returns(project: Path, profile: Profile) -> None:
    store = Store(profile)
    inspected = store.inspect(project)
    store.install(inspected, accepted=inspected.sheet.sha256)
    installed = Catalogue.load(profile).plugin("parrot").folder
    store.link(project)

    assert Catalogue.load(profile).plugin("parrot").folder == (project / CODE).parent
    store.unlink("parrot")
    assert Catalogue.load(profile).plugin("parrot").folder == installed


def test_an_id_of_another_plugin_is_refused(project: Path, profile: Profile) -> None:
    manifest = project / "src/seqstudio_parrot/seqstudio.toml"
    manifest.write_text(manifest.read_text().replace('id = "parrot"', 'id = "speech"'))

    with pytest.raises(PluginError, match="id 'speech' belongs to seqstudio-speech"):
        Store(profile).link(project)


def test_a_mistake_is_shown_at_the_authors_line(project: Path, profile: Profile) -> None:
    edit(project, "class Reverse:", 'import json\n\njson.loads("no")\n\n\nclass Reverse:')
    Store(profile).link(project)

    with pytest.raises(PluginError, match="importing seqstudio_parrot: JSONDecodeError") as caught:
        load("parrot", project, profile)
    frames = [line for line in str(caught.value).splitlines() if line.startswith("  File")]
    assert len(frames) == 1
    assert str(project / CODE) in frames[0]


def test_the_log_of_a_job_ends_at_the_authors_line(
    project: Path, profile: Profile, tmp_path: Path
) -> None:
    edit(project, "reversed_lines = []", 'print("starting")\n        int("x")')
    Store(profile).link(project)
    logs = JobLogs("parrot", project, profile)
    (tmp_path / "poem.txt").write_text("one\n")
    spec = JobSpec(plugin="parrot", name="reverse", inputs={"words": (tmp_path / "poem.txt",)})
    Studio(profile.home).submit(spec).wait()
    assert [*logs.new()] == []  # more may follow
    (text,) = logs.new()

    assert text.startswith("starting\nTraceback")
    assert text.count("  File ") == 1
    assert text.endswith("ValueError: invalid literal for int() with base 10: 'x'\n")
    assert [*logs.new()] == []


def test_only_files_of_the_plugin_count_as_saved(project: Path) -> None:
    before = stamps(project)
    (project / "notes.txt").write_text("a note")
    (project / "src/seqstudio_parrot/__pycache__").mkdir()
    (project / "src/seqstudio_parrot/__pycache__/a.pyc").write_bytes(b"")
    assert stamps(project) == before
    (project / CODE).touch()

    assert stamps(project) != before


def test_crashes_do_not_switch_off_what_is_being_written(
    project: Path, profile: Profile, tmp_path: Path
) -> None:
    from seqstudio.host.store.crashes import count_crash

    Store(profile).link(project)
    plugin = Catalogue.load(profile).plugin("parrot")
    assert [count_crash(profile, plugin, "exited") for _ in range(4)] == [""] * 4
    assert "disabled" in json.loads((profile.home / "plugins.json").read_text())
