"""Plugins that misbehave when they are first loaded are not installed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.confinement import landlock
from seqstudio.host.confinement.policy import LAYERS
from seqstudio.host.profile import Profile

StoreFiles = Callable[[], dict[str, bytes]]
Install = Callable[[Path], None]


def plugin_code(line: str) -> dict[str, Any]:
    return {"code": f"import os, sys, threading, time\n{line}\n"}


HARMFUL_CODE = {
    "hang at import": (
        plugin_code("time.sleep(60)"),
        r"^plugin 'parrot': its worker sent no message for 1\.5 s .*, and was ended by SIGKILL",
    ),
    "hang at describe": (
        plugin_code(
            "from seqstudio.api import hookimpl\n"
            "@hookimpl\ndef seqstudio_operations():\n    time.sleep(60)"
        ),
        r"sent no message for 1\.5 s while it was tried, and was ended by SIGKILL",
    ),
    "SystemExit": (plugin_code("raise SystemExit(0)"), r"importing seq_parrot: SystemExit: 0"),
    "exits": (plugin_code("os._exit(0)"), r"its worker exited with status 0 while it was tried"),
    "aborts": (plugin_code("os.abort()"), r"its worker ended by SIGABRT while it was tried"),
    "other names": (
        plugin_code(""),
        r"seqstudio_operations gives \[\], expected \['shout'\] as in its",
    ),
    "a metric of no task": (
        {
            "manifest": '[[metrics]]\nname = "mine"\n',
            "code": "from seqstudio.api import hookimpl\nclass Mine:\n    name = 'mine'\n"
            "@hookimpl\ndef seqstudio_metrics():\n    return [Mine()]\n",
        },
        r"seqstudio_metrics: 'mine': task='', expected the name of the task it is of",
    ),
    "a metric of another task than in its manifest": (
        {
            "manifest": '[[metrics]]\nname = "mine"\ntask = "text.write"\n',
            "code": "from seqstudio.api import hookimpl\n"
            "class Mine:\n    name, task = 'mine', 'speech.ctc'\n"
            "@hookimpl\ndef seqstudio_metrics():\n    return [Mine()]\n",
        },
        r"'mine': task='speech\.ctc', expected 'text\.write' as in the manifest",
    ),
    "garbage": (
        plugin_code(
            "for name in os.listdir('/proc/self/fd'):\n"
            "    if os.path.exists(f'/proc/self/fd/{name}') or int(name) > 2:\n"
            "        try:\n            os.write(int(name), b'\\xff' * 8)\n"
            "        except OSError:\n            pass\ntime.sleep(60)"
        ),
        r"its worker sent a malformed message of 4294967295 bytes, expected at most",
    ),
    "change of its own files": (
        plugin_code("open(__file__, 'a').write('evil = 1')"),
        r"gives \[\]|seq_parrot/__init__\.py was changed by the plugin itself while it was tried",
    ),
    "a link for a file": (
        {
            "code": "import os\nos.rename(__file__, 'moved')\n"
            "os.symlink(os.path.abspath('moved'), __file__)\n",
            "manifest": "",
        },
        r"seq_parrot/__init__\.py was changed by the plugin itself while it was tried",
    ),
    "a link to a folder": (
        {"code": "import os\nos.symlink('/etc', __file__ + '.more')\n", "manifest": ""},
        r"seq_parrot/__init__\.py\.more was added by the plugin itself while it was tried",
    ),
    "a pipe": (
        {"code": "import os\nos.mkfifo(__file__ + '.more')\n", "manifest": ""},
        r"seq_parrot/__init__\.py\.more was added by the plugin itself while it was tried",
    ),
}


# these are noticed where the kernel does not refuse them, too
OWN_FILES = ("change of its own files", "a link for a file", "a link to a folder", "a pipe")


@pytest.mark.parametrize("attack", OWN_FILES)
@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_the_kernel_refuses_changes_of_its_own_files(
    builder: Any, install: Install, attack: str
) -> None:
    changes, _ = HARMFUL_CODE[attack]
    with pytest.raises(PluginError, match=r"importing seq_parrot: Permission"):
        install(builder.plugin(**changes))


@pytest.mark.medium
@pytest.mark.parametrize("attack", HARMFUL_CODE)
def test_a_plugin_that_fails_its_probe_is_not_installed(
    builder: Any, install: Install, profile: Profile, store_files: StoreFiles, attack: str
) -> None:
    install(builder.plugin("other"))
    confine = [] if attack in OWN_FILES else LAYERS
    timeout_s = 1.5 if "hang" in attack else 120.0
    limits = {"start_timeout_s": timeout_s, "confine": confine}
    (profile.home / "limits.json").write_text(json.dumps(limits))
    before = store_files()
    changes, reason = HARMFUL_CODE[attack]
    with pytest.raises(PluginError, match=reason):
        install(builder.plugin(**changes))

    assert store_files() == before
    assert "parrot" not in [plugin.id for plugin in Catalogue.load(profile).plugins]


@pytest.mark.medium
def test_code_compiled_during_the_probe_is_removed(
    builder: Any, install: Install, profile: Profile
) -> None:
    code = (
        "from pathlib import Path\n"
        "cache = Path(__file__).parent / '__pycache__'\ncache.mkdir(exist_ok=True)\n"
        "(cache / 'more.cpython-311.pyc').write_bytes(b'evil')\n"
    )
    profile.create()
    (profile.home / "limits.json").write_text('{"confine": []}')
    install(builder.plugin(code=code, manifest=""))

    assert not [*(profile.home / "plugins").rglob("more.*.pyc")]


def test_a_plugin_that_hangs_at_exit_is_installed_and_its_process_killed(
    builder: Any, install: Install, profile: Profile, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    profile.create()
    (profile.home / "limits.json").write_text('{"confine": []}')  # it writes the file below
    code = (
        "import atexit, os, time\nfrom seqstudio.api import hookimpl\n"
        f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\natexit.register(time.sleep, 60)\n"
    )
    install(builder.plugin(code=code, manifest=""))

    assert not Path(f"/proc/{pid_file.read_text()}").exists()
