"""A plugin whose workers keep crashing is disabled with the reason, unless it is built in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import JobError
from seqstudio.host.catalogue.catalogue import SAFE_MODE, Catalogue, Plugin
from seqstudio.host.jobs.events import JobFinished
from seqstudio.host.profile import Profile
from seqstudio.host.store.crashes import count_crash
from seqstudio.host.store.store import Store
from seqstudio.host.studio import JobSpec, Studio


@pytest.mark.medium
def test_after_three_crashes_the_plugin_is_disabled_and_the_job_stops(
    builder: Any, install: Callable[[Path], None], store: Store, profile: Profile, tmp_path: Path
) -> None:
    install(builder.crashing_plugin())
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abcde":
        (folder / f"{name}.txt").write_text(name)
    studio = Studio(profile.home)
    spec = JobSpec(plugin="parrot", name="shout", inputs={"words": (folder,)}, out=tmp_path / "out")
    finished = studio.submit(spec).wait()
    reason = "3 of its workers crashed within 10 minutes, the last exited with status 9"

    assert finished == JobFinished(
        state="failed", failed=5, reason=f"plugin 'parrot' is switched off: {reason}"
    )
    with pytest.raises(
        JobError, match=f"switched off: {reason}; `seqstudio plugins enable parrot`"
    ):
        studio.submit(spec)
    store.enable("parrot")
    assert json.loads((profile.home / "crashes.json").read_text()) == {"parrot": []}


def plugin(distribution: str) -> Plugin:
    return Plugin(
        {
            "table": {"id": "parrot", "title": "Parrot"},
            "root": "",
            "module": "parrot",
            "distribution": distribution,
            "version": "1.0",
        }
    )


def test_old_crashes_do_not_count(profile: Profile) -> None:
    profile.home.mkdir()
    (profile.home / "crashes.json").write_text('{"parrot": [5.0, 6.0, 7.0]}')

    assert count_crash(profile, plugin("parrot"), "x") == ""


@pytest.mark.parametrize("text", ["{", '{"parrot": 5}', '{"parrot": ["x"]}', "[" * 100_000])
def test_a_damaged_file_is_the_same_as_no_crashes(profile: Profile, text: str) -> None:
    profile.home.mkdir()
    (profile.home / "crashes.json").write_text(text)

    assert [count_crash(profile, plugin("parrot"), "x") == "" for _ in range(3)] == [
        True,
        True,
        False,
    ]


def test_built_in_plugins_stay_enabled(profile: Profile) -> None:
    assert [count_crash(profile, plugin("seqstudio_music"), "x") for _ in range(5)] == [""] * 5


def test_safe_mode_enables_built_in_plugins_only(
    builder: Any, install: Callable[[Path], None], profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(builder.plugin())
    monkeypatch.setenv(SAFE_MODE, "1")
    catalogue = Catalogue.load(profile)

    assert {plugin.id for plugin in catalogue.plugins} <= {
        "forecast",
        "music",
        "pocketsphinx",
        "sherpa",
        "speech",
        "text",
        "whisper",
    }
    assert catalogue.disabled["parrot"] == "safe mode: only built-in plugins"
