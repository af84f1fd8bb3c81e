"""Installing, upgrading, rolling back, disabling and removing plugins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import JobError, PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.jobs.events import JobFinished
from seqstudio.host.profile import Profile
from seqstudio.host.store.crashes import count_crash
from seqstudio.host.store.store import Store
from seqstudio.host.studio import JobSpec, Studio

Install = Callable[[Path], None]
StoreFiles = Callable[[], dict[str, bytes]]


def shouted(studio: Studio, folder: Path, plugin: str = "parrot") -> str:
    source = folder / "words.txt"
    source.write_text("abc")
    out = folder / "shouted.txt"
    spec = JobSpec(plugin=plugin, name="shout", inputs={"words": (source,)}, out=out, seed=1)
    assert studio.submit(spec).wait() == JobFinished(state="done", done=1)
    return out.read_text()


@pytest.mark.medium
def test_an_open_studio_runs_a_newly_installed_wheel(
    builder: Any, install: Install, profile: Profile, tmp_path: Path
) -> None:
    studio = Studio(profile.home)
    install(builder.plugin())

    assert shouted(studio, tmp_path) == "ABC1.0"
    assert studio.catalogue.plugin("parrot").version == "1.0"


@pytest.mark.medium
def test_the_next_job_uses_an_upgrade_or_a_rollback(
    builder: Any, install: Install, store: Store, profile: Profile, tmp_path: Path
) -> None:
    studio = Studio(profile.home)
    outputs = []
    for version in ("1.0", "1.1", "1.2"):
        install(builder.plugin(version=version))
        (tmp_path / version).mkdir()
        outputs.append(shouted(studio, tmp_path / version))
    assert outputs == ["ABC1.0", "ABC1.1", "ABC1.2"]
    assert store.rollback("parrot") == "1.1"
    (tmp_path / "back").mkdir()
    assert shouted(studio, tmp_path / "back") == "ABC1.1"
    assert store.rollback("parrot") == "1.2"
    versions = [path.name[:3] for path in (profile.home / "plugins" / "parrot").iterdir()]
    assert sorted(versions) == ["1.1", "1.2"]


@pytest.mark.medium
def test_rollback_refuses_a_damaged_version(
    builder: Any, install: Install, store: Store, profile: Profile, store_files: StoreFiles
) -> None:
    install(builder.plugin())
    install(builder.plugin(version="1.1"))
    (receipt,) = (profile.home / "plugins" / "parrot").glob("1.0-*/receipt.json")
    receipt.write_text("{")
    before = store_files()
    with pytest.raises(PluginError, match=r"receipt\.json: .*, expected a receipt"):
        store.rollback("parrot")

    assert store_files() == before


@pytest.mark.medium
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (">=1.0,<2", ">=3,<4", r"api='>=3,<4', expected a range that holds 1\.0"),
        ('"id": "parrot"', '"id": "loud"', r"id='loud', expected 'parrot'"),
    ],
)
def test_a_receipt_is_checked_when_it_is_read_again(
    builder: Any, install: Install, profile: Profile, old: str, new: str, reason: str
) -> None:
    """SeqStudio may have been updated meanwhile, or the file damaged."""
    install(builder.plugin())
    (receipt,) = (profile.home / "plugins" / "parrot").glob("*/receipt.json")
    receipt.write_text(receipt.read_text().replace(old, new))
    with pytest.raises(JobError, match=f"plugin 'parrot' is refused: .*{reason}"):
        Catalogue.load(profile).plugin("parrot")


@pytest.mark.medium
def test_the_error_for_a_disabled_plugin_says_how_to_enable_it(
    builder: Any, install: Install, store: Store, profile: Profile
) -> None:
    install(builder.plugin())
    store.disable("parrot", "by you")
    with pytest.raises(JobError, match=r"^plugin 'parrot' is switched off: by you; `seqstudio plu"):
        Catalogue.load(profile).plugin("parrot")
    store.enable("parrot")

    assert Catalogue.load(profile).plugin("parrot").id == "parrot"


@pytest.mark.medium
def test_uninstalling_leaves_no_trace_in_the_profile(
    builder: Any,
    install: Install,
    store: Store,
    profile: Profile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(builder.plugin())
    Catalogue.load(profile)
    (profile.cache / "parrot").mkdir(parents=True)
    (profile.cache / "parrot" / "value").write_text("costly")
    monkeypatch.syspath_prepend(tmp_path)  # a script in a folder of its own has another path
    count_crash(profile, Catalogue.load(profile).plugin("parrot"), "exited")
    assert store.jobs_of("parrot") == 0
    store.uninstall("parrot")
    left = [path for path in profile.home.rglob("*") if path.is_file()]

    assert not profile.cache.exists()
    assert [path.name for path in left if b"parrot" in path.read_bytes()] == []


@pytest.mark.medium
def test_uninstalling_leaves_no_files(
    builder: Any, install: Install, store: Store, store_files: StoreFiles
) -> None:
    install(builder.plugin())
    install(builder.plugin(version="2.0"))
    store.uninstall("parrot")

    assert store_files() == {}
    with pytest.raises(
        PluginError, match=r"^no plugin 'parrot' was installed here, expected one of: none"
    ):
        store.uninstall("parrot")


@pytest.mark.medium
def test_a_failed_upgrade_leaves_the_store_unchanged(
    builder: Any, install: Install, store_files: StoreFiles
) -> None:
    install(builder.plugin())
    before = store_files()
    with pytest.raises(PluginError, match="importing seq_parrot: ZeroDivisionError"):
        install(builder.plugin(version="2.0", code="1 / 0"))

    assert store_files() == before


@pytest.mark.medium
def test_a_plugin_uses_the_wheels_next_to_it_and_the_libraries_of_the_host(
    builder: Any, install: Install, store: Store, profile: Profile, tmp_path: Path
) -> None:
    builder.wheel("feather", "2.1", {"feather.py": "COLOUR = 'GREEN'"}, requires=("wing>=1",))
    builder.wheel("feather", "1.0", {"feather.py": "COLOUR = 'RED'"})
    builder.wheel("wing", "1.5", {"wing.py": ""})
    code = "import feather, wing, numpy\nfrom seqstudio.api import Result, hookimpl\n"
    code += CODE_USING
    builder.plugin(code=code, requires=("feather>=2", "numpy>=2", "seqstudio"))
    install(builder.folder)

    assert shouted(Studio(profile.home), tmp_path) == "GREEN"
    (stored,) = store.installed()
    assert stored.receipt.dependencies == {"feather": "2.1", "wing": "1.5"}


CODE_USING = """

class Shout:
    name = "shout"

    def run(self, request, job):
        yield Result(outputs={"text": feather.COLOUR})


@hookimpl
def seqstudio_operations():
    return [Shout()]
"""


@pytest.mark.parametrize(
    ("requires", "reason"),
    [
        (("numpy<2",), r"^seq-parrot 1\.0 needs numpy<2, the host has numpy 2\..* the host's copy"),
        (
            ("feather>=3",),
            r"needs feather>=3; its folder has 2\.1, expected a matching wheel",
        ),
        (("absent",), r"needs absent; its folder has no wheel of it, expected a matching"),
        (
            ("feather", "wing<1"),
            r"^seq-parrot 1\.0 needs wing<1, feather 2\.1 needs wing>=1, expected requirements",
        ),
        (("feather @ https://example.org/feather.whl",), r"expected no URL"),
    ],
)
def test_a_dependency_conflict_is_explained_before_anything_is_written(
    builder: Any, store: Store, store_files: StoreFiles, requires: tuple[str, ...], reason: str
) -> None:
    builder.wheel("feather", "2.1", {"feather.py": ""}, requires=("wing>=1",))
    builder.wheel("wing", "0.5", {"wing.py": ""})
    builder.plugin(requires=requires)
    with pytest.raises(PluginError, match=reason):
        store.inspect(builder.folder)

    assert store_files() == {}


@pytest.mark.medium
def test_the_consent_sheet_lists_changes_since_the_version_in_use(
    builder: Any, install: Install, store: Store
) -> None:
    install(builder.plugin())
    manifest = '[permissions]\nread = "your notes"\n[[exporters]]\nname = "loud"\nkind = "text"\n'
    sheet = store.inspect(builder.plugin(version="2.0", manifest=manifest)).sheet

    assert (sheet.installed, sheet.permissions) == ("1.0", {"read": "your notes"})
    assert sheet.changes == (
        "permission: + read: your notes",
        "operations: - shout",
        "exporters: + loud",
        "code: 2 files changed: seq_parrot/__init__.py, seq_parrot/seqstudio.toml",
    )


def test_a_wrong_hash_installs_nothing(builder: Any, store: Store, store_files: StoreFiles) -> None:
    inspected = store.inspect(builder.plugin())
    with pytest.raises(PluginError, match=r"^accepted sha256:0000, expected sha256:"):
        store.install(inspected, accepted="sha256:0000")

    assert store_files() == {}


def test_a_file_that_changes_between_consent_and_install_is_refused(
    builder: Any, store: Store, store_files: StoreFiles
) -> None:
    inspected = store.inspect(builder.plugin())
    builder.plugin(code="evil = 1")
    with pytest.raises(PluginError, match=r"seq_parrot/__init__\.py changed while it was being"):
        store.install(inspected, accepted=inspected.sheet.sha256)

    assert store_files() == {}


def test_leftovers_of_a_process_that_died_while_installing_are_removed(
    builder: Any, install: Install, profile: Profile, store_files: StoreFiles
) -> None:
    leftover = profile.home / "plugins" / ".parrot-1" / "unpacked"
    leftover.mkdir(parents=True)
    install(builder.plugin())

    assert not [name for name in store_files() if ".parrot" in name]


@pytest.mark.medium
def test_a_damaged_plugins_json_affects_only_plugins_of_the_store(
    builder: Any, install: Install, profile: Profile
) -> None:
    install(builder.plugin())
    (profile.home / "plugins.json").write_text("{")
    catalogue = Catalogue.load(profile)

    assert "parrot" not in [plugin.id for plugin in catalogue.plugins]
    assert "expected JSON" in catalogue.broken["plugins.json"]


LOUD = """
from seqstudio.api import hookimpl


class Loud:
    name = "loud"
    kind = "text"

    def write(self, value, path):
        path.write_text(value + "!")


@hookimpl
def seqstudio_exporters():
    return [Loud()]
"""


@pytest.mark.medium
def test_two_plugins_with_conflicting_libraries_cannot_share_a_job(
    builder: Any, install: Install, profile: Profile, tmp_path: Path
) -> None:
    for name, version in (("parrot", "1.0"), ("loud", "2.0")):
        builder.folder = tmp_path / name
        builder.folder.mkdir()
        builder.wheel("feather", version, {"feather.py": ""})
        exporter = {
            "manifest": '[[exporters]]\nname = "loud"\nkind = "text"\n',
            "code": LOUD,
        }
        builder.plugin(name, requires=("feather",), **(exporter if name == "loud" else {}))
        install(builder.folder)
    source = tmp_path / "words.txt"
    source.write_text("abc")
    studio = Studio(profile.home)
    spec = JobSpec(
        plugin="parrot",
        name="shout",
        inputs={"words": (source,)},
        formats=("loud",),
        out=tmp_path / "out",
    )
    with pytest.raises(
        PluginError, match=r"'parrot' and 'loud', which bring feather 1\.0 and 2\.0"
    ):
        studio.submit(spec)

    assert shouted(studio, tmp_path) == "ABC1.0"
