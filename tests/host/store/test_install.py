"""A wheel, installed: used at once, replaced, gone back from, removed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import JobError, PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.jobs.events import JobFinished
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store
from seqstudio.host.studio import JobSpec, Studio

Put = Callable[[Path], None]
Tree = Callable[[], dict[str, bytes]]


def shouted(studio: Studio, folder: Path, plugin: str = "parrot") -> str:
    source = folder / "words.txt"
    source.write_text("abc")
    out = folder / "said.txt"
    spec = JobSpec(plugin=plugin, name="shout", inputs={"words": (source,)}, out=out, seed=1)
    assert studio.submit(spec).wait() == JobFinished(state="done", done=1)
    return out.read_text()


def test_an_installed_wheel_runs_at_once_in_a_studio_that_was_open(
    press: Any, put: Put, profile: Profile, tmp_path: Path
) -> None:
    studio = Studio(profile.home)
    put(press.plugin())

    assert shouted(studio, tmp_path) == "ABC1.0"
    assert studio.catalogue.plugin("parrot").version == "1.0"


def test_an_upgrade_serves_the_next_job_and_rollback_takes_it_back(
    press: Any, put: Put, store: Store, profile: Profile, tmp_path: Path
) -> None:
    studio = Studio(profile.home)
    said = []
    for version in ("1.0", "1.1", "1.2"):
        put(press.plugin(version=version))
        (tmp_path / version).mkdir()
        said.append(shouted(studio, tmp_path / version))
    assert said == ["ABC1.0", "ABC1.1", "ABC1.2"]
    assert store.rollback("parrot") == "1.1"
    (tmp_path / "back").mkdir()
    assert shouted(studio, tmp_path / "back") == "ABC1.1"
    assert store.rollback("parrot") == "1.2"
    kept = [path.name[:3] for path in (profile.home / "plugins" / "parrot").iterdir()]
    assert sorted(kept) == ["1.1", "1.2"]


def test_a_version_that_is_damaged_is_not_gone_back_to(
    press: Any, put: Put, store: Store, profile: Profile, tree: Tree
) -> None:
    put(press.plugin())
    put(press.plugin(version="1.1"))
    (receipt,) = (profile.home / "plugins" / "parrot").glob("1.0-*/receipt.json")
    receipt.write_text("{")
    before = tree()
    with pytest.raises(PluginError, match=r"receipt\.json: .*, expected a receipt"):
        store.rollback("parrot")

    assert tree() == before


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (">=1.0,<2", ">=3,<4", r"api='>=3,<4', expected a range that holds 1\.0"),
        ('"id": "parrot"', '"id": "loud"', r"id='loud', expected 'parrot'"),
    ],
)
def test_what_is_in_the_store_is_checked_when_it_is_read_again(
    press: Any, put: Put, profile: Profile, old: str, new: str, reason: str
) -> None:
    """The studio may have been updated since, or the file damaged."""
    put(press.plugin())
    (receipt,) = (profile.home / "plugins" / "parrot").glob("*/receipt.json")
    receipt.write_text(receipt.read_text().replace(old, new))
    with pytest.raises(JobError, match=f"plugin 'parrot' is refused: .*{reason}"):
        Catalogue.load(profile).plugin("parrot")


def test_a_disabled_plugin_says_how_to_switch_it_on(
    press: Any, put: Put, store: Store, profile: Profile
) -> None:
    put(press.plugin())
    store.disable("parrot", "by you")
    with pytest.raises(JobError, match=r"^plugin 'parrot' is switched off: by you; `seqstudio plu"):
        Catalogue.load(profile).plugin("parrot")
    store.enable("parrot")

    assert Catalogue.load(profile).plugin("parrot").id == "parrot"


def test_uninstalling_leaves_nothing(press: Any, put: Put, store: Store, tree: Tree) -> None:
    put(press.plugin())
    put(press.plugin(version="2.0"))
    store.uninstall("parrot")

    assert tree() == {}
    with pytest.raises(
        PluginError, match=r"^no plugin 'parrot' was installed here, expected one of: none"
    ):
        store.uninstall("parrot")


def test_a_failed_upgrade_leaves_the_store_as_it_was(press: Any, put: Put, tree: Tree) -> None:
    put(press.plugin())
    before = tree()
    with pytest.raises(PluginError, match="importing seq_parrot: ZeroDivisionError"):
        put(press.plugin(version="2.0", code="1 / 0"))

    assert tree() == before


def test_dependencies_beside_the_wheel_come_with_it_and_the_hosts_are_used(
    press: Any, put: Put, store: Store, profile: Profile, tmp_path: Path
) -> None:
    press.wheel("feather", "2.1", {"feather.py": "COLOUR = 'GREEN'"}, requires=("wing>=1",))
    press.wheel("feather", "1.0", {"feather.py": "COLOUR = 'RED'"})
    press.wheel("wing", "1.5", {"wing.py": ""})
    code = "import feather, wing, numpy\nfrom seqstudio.api import Result, hookimpl\n"
    code += CODE_USING
    press.plugin(code=code, requires=("feather>=2", "numpy>=2", "seqstudio"))
    put(press.folder)

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
            r"^seq-parrot 1\.0 needs wing<1, feather 2\.1 needs wing>=1, expected requirements that one",
        ),
        (("feather @ https://example.org/feather.whl",), r"expected no URL"),
    ],
)
def test_a_clash_of_dependencies_is_explained_before_a_byte_is_written(
    press: Any, store: Store, tree: Tree, requires: tuple[str, ...], reason: str
) -> None:
    press.wheel("feather", "2.1", {"feather.py": ""}, requires=("wing>=1",))
    press.wheel("wing", "0.5", {"wing.py": ""})
    press.plugin(requires=requires)
    with pytest.raises(PluginError, match=reason):
        store.inspect(press.folder)

    assert tree() == {}


def test_the_sheet_says_what_changed_since_the_version_in_use(
    press: Any, put: Put, store: Store
) -> None:
    put(press.plugin())
    manifest = '[permissions]\nread = "your notes"\n[[exporters]]\nname = "loud"\nkind = "text"\n'
    sheet = store.inspect(press.plugin(version="2.0", manifest=manifest)).sheet

    assert (sheet.installed, sheet.permissions) == ("1.0", {"read": "your notes"})
    assert sheet.changes == (
        "permission: + read: your notes",
        "operations: - shout",
        "exporters: + loud",
    )


def test_another_hash_than_the_sheets_installs_nothing(
    press: Any, store: Store, tree: Tree
) -> None:
    inspected = store.inspect(press.plugin())
    with pytest.raises(PluginError, match=r"^accepted sha256:0000, expected sha256:"):
        store.install(inspected, accepted="sha256:0000")

    assert tree() == {}


def test_a_file_that_changes_between_consent_and_install_is_refused(
    press: Any, store: Store, tree: Tree
) -> None:
    inspected = store.inspect(press.plugin())
    press.plugin(code="evil = 1")
    with pytest.raises(PluginError, match=r"seq_parrot/__init__\.py changed while it was being"):
        store.install(inspected, accepted=inspected.sheet.sha256)

    assert tree() == {}


def test_a_process_that_died_while_installing_is_cleaned_up_after(
    press: Any, put: Put, profile: Profile, tree: Tree
) -> None:
    left = profile.home / "plugins" / ".parrot-1" / "unpacked"
    left.mkdir(parents=True)
    put(press.plugin())

    assert not [name for name in tree() if ".parrot" in name]


def test_a_damaged_pointer_takes_only_the_stores_plugins_away(
    press: Any, put: Put, profile: Profile
) -> None:
    put(press.plugin())
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


def test_two_plugins_whose_libraries_clash_do_not_share_a_job(
    press: Any, put: Put, profile: Profile, tmp_path: Path
) -> None:
    for name, version in (("parrot", "1.0"), ("loud", "2.0")):
        press.folder = tmp_path / name
        press.folder.mkdir()
        press.wheel("feather", version, {"feather.py": ""})
        offers = {
            "manifest": '[[exporters]]\nname = "loud"\nkind = "text"\n',
            "code": LOUD,
        }
        press.plugin(name, requires=("feather",), **(offers if name == "loud" else {}))
        put(press.folder)
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
