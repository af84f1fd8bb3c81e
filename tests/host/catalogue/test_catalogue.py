import json
import os
import resource
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import JobError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile

FAILS_ON_IMPORT = "raise RuntimeError('a catalogue imports no plugin')"
SLOW_MODULES = (
    *("torch", "numpy", "rich", "msgspec", "sqlite3", "click", "tomllib", "pathlib"),
    *("importlib.metadata", "dataclasses", "inspect", "platformdirs", "hashlib"),
)

BOX = {"forecast", "music", "pocketsphinx", "sherpa", "speech", "text", "whisper"}


def ids(catalogue: Catalogue) -> set[str]:
    """Return the ids of the test's plugins, without the built-in ones."""
    return {plugin.id for plugin in catalogue.plugins} - BOX


@pytest.fixture
def profile(home: Path) -> Profile:
    return Profile(home)


def test_a_plugin_is_found_without_importing_it(site: Any, profile: Profile) -> None:
    package = site.install("quiet", site.manifest("shout"), FAILS_ON_IMPORT)
    plugin = Catalogue.load(profile).plugin("quiet")
    assert (plugin.folder, plugin.version, plugin.title) == (package, "1.0", "quiet")
    assert [entry.name for entry in plugin.manifest.operations] == ["shout"]
    assert plugin.module not in sys.modules


def test_an_editable_install_is_found_where_its_source_is(
    site: Any, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shutil.move(site.install("edited", "", FAILS_ON_IMPORT), source)

    class Finder:
        """The finder that some build backends install for an editable package."""

        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
            return PathFinder.find_spec(name, [str(source)])

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert Catalogue.load(profile).plugin("edited").folder == source / "plugin_edited"


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("not toml", r"seqstudio\.toml: .*expected TOML$"),
        ("colour = 1", r"seqstudio\.toml: unknown field 'colour', expected one of schema, id"),
        ('[[operations]]\nname = "x"', r"operations\[0\]: no field 'title', expected one$"),
        ("[permissions]\nwrite = 'x'", r"permissions: unknown field 'write'"),
        (
            "[[operations]]\nname='x'\ntitle='X'\n[operations.options.a]\ntype='int'\n"
            "default=2026-01-01",
            r"option 'a': default=datetime\.date\(2026, 1, 1\), expected int",
        ),
    ],
)
def test_an_invalid_manifest_breaks_its_own_plugin_only(
    site: Any, profile: Profile, manifest: str, reason: str
) -> None:
    site.install("good", "", FAILS_ON_IMPORT)
    site.install("bad", manifest, FAILS_ON_IMPORT)
    catalogue = Catalogue.load(profile)
    assert ids(catalogue) == {"good"}
    with pytest.raises(JobError, match=rf"^plugin 'bad' is refused: .*{reason}"):
        catalogue.plugin("bad")


def test_missing_manifests_and_packages_are_named(site: Any, profile: Profile) -> None:
    (site.install("bare", "", "") / "seqstudio.toml").unlink()
    shutil.rmtree(site.install("gone", "", ""))
    broken = Catalogue.load(profile).broken
    assert broken["bare"].endswith("seqstudio.toml: No such file or directory, expected a manifest")
    assert broken["gone"] == "no package 'plugin_gone', expected one with a seqstudio.toml"


def test_two_plugins_with_the_same_id_are_both_refused(site: Any, profile: Profile) -> None:
    site.install("first", "", "")
    other = site.install("second", "", "") / "seqstudio.toml"
    other.write_text(other.read_text().replace('"second"', '"first"'))
    catalogue = Catalogue.load(profile)
    assert ids(catalogue) == set()
    assert catalogue.broken["first"] == (
        "id 'first' is claimed by plugin-first and plugin-second, expected one"
    )


def test_a_change_is_seen_at_the_next_load(site: Any, profile: Profile) -> None:
    manifest = site.install("one", "", "") / "seqstudio.toml"
    assert ids(Catalogue.load(profile)) == {"one"}
    manifest.write_text(manifest.read_text().replace('title = "one"', 'title = "Another"'))
    assert Catalogue.load(profile).plugin("one").title == "Another"
    site.install("two", "", "")
    assert ids(Catalogue.load(profile)) == {"one", "two"}
    shutil.rmtree(site.folder / "plugin_one-1.0.dist-info")
    assert ids(Catalogue.load(profile)) == {"two"}


def test_a_damaged_cache_is_replaced(site: Any, profile: Profile) -> None:
    site.install("one", "", "")
    Catalogue.load(profile)
    (cache,) = (profile.home / "cache").iterdir()
    for damage in ("{", "[]", "{}", '{"version": 1}'):
        cache.write_text(damage)
        assert ids(Catalogue.load(profile)) == {"one"}
    assert json.loads(cache.read_text())["plugins"]


def test_a_profile_that_cannot_be_written_works_without_a_cache(site: Any) -> None:
    site.install("one", "", "")
    assert ids(Catalogue.load(Profile("/proc/nowhere"))) == {"one"}


LOAD = """
import sys
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile
before = set(sys.modules)
catalogue = Catalogue.load(Profile())
print(len(catalogue.plugins), *sys.modules)
"""


def test_a_cached_load_of_fifty_plugins_is_quick_and_imports_nothing_slow(
    site: Any, profile: Profile
) -> None:
    for number in range(50):
        site.install(f"n{number}", site.manifest("shout", "whisper"), FAILS_ON_IMPORT)
    environment = {
        "PYTHONPATH": str(site.folder),
        "SEQSTUDIO_HOME": profile.root,
        "PATH": os.environ["PATH"],
    }
    loads = [measure_load(environment) for _ in range(3)]
    assert loads[0][0] < 2.0, "the scan, in seconds of CPU time"
    seconds, count, modules = min(loads[1:])
    assert count >= 50
    assert seconds < 0.5
    assert not modules & set(SLOW_MODULES)


def measure_load(environment: dict[str, str]) -> tuple[float, int, set[str]]:
    """Load the catalogue in a new process; return CPU time, number of plugins and modules."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start = used()
    # -S excludes what `site` and .pth files import
    paths = [path for path in sys.path if path]
    code = f"import sys; sys.path[:] = {paths!r}\n{LOAD}"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    count, *modules = done.stdout.split()
    return used() - start, int(count), set(modules)
