"""An interrupted installation, by a full disk or a kill, leaves the version in use intact."""

import hashlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.installed import InstalledVersions, read_installed, write_installed
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store

Install = Callable[[Path], None]
MAX_FILE_BYTES = 8_000  # of a file on the full disk
INSTALL = """
import sys
from pathlib import Path
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store

store = Store(Profile(sys.argv[1]))
inspected = store.inspect(Path(sys.argv[2]))
print(flush=True)
store.install(inspected, accepted=inspected.sheet.sha256)
"""


@contextmanager
def full_disk() -> Iterator[None]:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def profile_files(profile: Profile) -> dict[str, bytes]:
    """Return all files of the profile, except the catalogue's cache."""
    files = (path for path in profile.home.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if path.parent.name != "cache"}


@pytest.mark.medium
@pytest.mark.parametrize("large", ["a file of the plugin", "plugins.json"])
def test_a_full_disk_leaves_the_store_unchanged(
    builder: Any, install: Install, profile: Profile, store: Store, large: str
) -> None:
    install(builder.plugin())
    extra = {}
    if large == "plugins.json":
        many = dict.fromkeys((f"plugin-{number}" for number in range(500)), "by you")
        current = read_installed(profile).current
        write_installed(profile, InstalledVersions(current=current, disabled=many))
    else:
        extra = {"seq_parrot/more.txt": "x" * 2 * MAX_FILE_BYTES}
    inspected = store.inspect(builder.plugin(version="2.0", extra=extra))
    before = profile_files(profile)
    with full_disk(), pytest.raises(PluginError, match=r"File too large, expected a .*path with"):
        store.install(inspected, accepted=inspected.sheet.sha256)

    assert profile_files(profile) == before


@pytest.mark.medium
def test_a_kill_at_any_moment_leaves_one_version_or_the_other(
    builder: Any, install: Install, profile: Profile, store: Store
) -> None:
    old, new = builder.plugin(), builder.plugin(version="2.0")
    install(old)
    expected = hashes(profile)
    for step in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", INSTALL, str(profile.home), str(new)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.04 * step)
            process.kill()
        version = Catalogue.load(profile).plugin("parrot").version
        found = hashes(profile)
        assert found == expected or version == "2.0"
        assert len(found) == len(expected)
    install(new)
    install(old)

    assert hashes(profile) == expected
    assert sorted(path.name[:3] for path in (profile.home / "plugins/parrot").iterdir()) == [
        "1.0",
        "2.0",
    ]
    assert [path.name for path in (profile.home / "plugins").iterdir()] == ["parrot"]


def hashes(profile: Profile) -> dict[str, str]:
    """Hash the files of the version in use."""
    package = Catalogue.load(profile).plugin("parrot").folder
    files = (path for path in package.parent.rglob("*") if path.is_file())
    return {
        str(path.relative_to(package.parent)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.suffix != ".pyc"
    }
