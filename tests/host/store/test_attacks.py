"""Harmful wheels: each is refused with one clear line, and the store stays unchanged."""

import contextlib
import os
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile
from seqstudio.host.store.archive import entry_fault
from seqstudio.host.store.store import Store

StoreFiles = Callable[[], dict[str, bytes]]


def add_link(archive: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("seq_parrot/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, "/etc/passwd")


def add_member(name: str) -> Callable[[zipfile.ZipFile], None]:
    return lambda archive: archive.writestr(name, "x")


def add_duplicate(archive: zipfile.ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("seq_parrot/__init__.py", "evil = 1")


def add_folder_with_data(archive: zipfile.ZipFile) -> None:
    archive.writestr(zipfile.ZipInfo("seq_parrot/d/"), "payload")


ONE_OPTION = '[operations.options.o{}]\ntype = "int"\n'
MILLION_OPTIONS = "".join(ONE_OPTION.format(number) for number in range(1_000_000))
TASK = '[[tasks]]\nname = "speech.evil"\ntitle = "x"\ndata = []\npresets = ["p"]\n'
MODEL = '[[models]]\nname = "rolls-jsb"\ntask = "parrot.x"\npath = "m"\nsha256 = "0"\n'
OPERATION = (
    '[[operations]]\nname = "x"\ntitle = "{title}"\n'
    'outputs = [{{ name = "{output}", kind = "text", formats = ["{form}"] }}]\n'
)


def operation(title: str = "X", output: str = "text", form: str = "txt") -> dict[str, Any]:
    return {"manifest": OPERATION.format(title=title, output=output, form=form)}


DATE = "preset_values = { p = { epochs = 1979-05-27 } }\n"
HARMFUL_WHEELS: dict[str, tuple[dict[str, Any], str]] = {
    "startup file": ({"extra": {"parrot.pth": "import os"}}, r"parrot\.pth: runs at every start"),
    "startup file in a folder": (
        {"extra": {"seq_parrot/x.PTH": ""}},
        r"x\.PTH: runs at every start",
    ),
    "torch module": (
        {"extra": {"torch.py": "x = 1"}},
        r"module 'torch' belongs to the host, expected another",
    ),
    "torch package": ({"extra": {"torch/__init__.py": ""}}, r"module 'torch' belongs to the host"),
    "module of the host": (
        {"extra": {"seqstudio/core/x.py": ""}},
        r"module 'seqstudio' belongs to the host",
    ),
    "standard module": ({"extra": {"json.py": ""}}, r"module 'json' belongs to Python"),
    "site module": (
        {"extra": {"sitecustomize.py": ""}},
        r"module 'sitecustomize' belongs to Python",
    ),
    "same name twice": (
        {"after": add_duplicate},
        r"'seq_parrot/__init__\.py'.* would be one file, expected different names",
    ),
    "names that differ in case": (
        {"extra": {"seq_parrot/__INIT__.py": ""}},
        r"__INIT__\.py.* would be one file",
    ),
    "under a file": (
        {"extra": {"seq_parrot/__init__.py/x": ""}},
        r"is inside the file 'seq_parrot/__init__\.py', expected a folder",
    ),
    "link": ({"after": add_link}, r"'seq_parrot/link': a link, expected a file"),
    "name above the top": (
        {"after": add_member("../evil.py")},
        r"'\.\./evil\.py': a name with '\.\.'",
    ),
    "absolute": ({"after": add_member("/tmp/evil.py")}, r"'/tmp/evil\.py': an absolute name"),
    "drive": ({"after": add_member("C:/evil.py")}, r"'C:/evil\.py': an absolute name"),
    "backslash": ({"after": add_member("a\\..\\evil.py")}, r"a name that is not plain"),
    "unlisted": (
        {"after": add_member("seq_parrot/more.py")},
        r"more\.py': expected both in the wheel and in",
    ),
    "wrong hash": (
        {"record": lambda text: re.sub("sha256=.", "sha256=_", text, count=1)},
        r"__init__\.py: its sha256 differs, expected that in RECORD",
    ),
    "missing member": (
        {"record": lambda text: text + "gone.py,sha256=,0\n"},
        r"gone\.py': expected both",
    ),
    "absolute name in RECORD": (
        {"record": lambda text: text + "/etc/passwd,sha256=,0\n"},
        r"'/etc/passwd': expected both in the wheel and in its RECORD",
    ),
    "huge field": (
        {"record": lambda text: text + "x" * 200_000 + ",,\n"},
        r"RECORD: field larger than field limit \(131072\), expected CSV",
    ),
    "line break in RECORD": (
        {"record": lambda text: text + "a\rb,,\n"},
        r"RECORD: new-line character .*, expected CSV",
    ),
    "no hash": (
        {"record": lambda text: re.sub("sha256=[^,]*", "", text, count=1)},
        r"its sha256 differs, expected that in RECORD",
    ),
    "script": (
        {"extra": {"seq_parrot-1.0.data/scripts/parrot": "#!python"}},
        r"scripts/parrot: is installed elsewhere",
    ),
    "script in upper case": (
        {"extra": {"seq_parrot-1.0.DATA/scripts/parrot": "#!python"}},
        r"scripts/parrot: is installed elsewhere",
    ),
    "folder with data": (
        {"after": add_folder_with_data},
        r"'seq_parrot/d/': a folder with data, expected none",
    ),
    "long name": (
        {"extra": {f"seq_parrot/{chr(0x1F600) * 100}.txt": ""}},
        r"an unprintable or long name, expected at most 240 bytes",
    ),
    "one name in two Unicode forms": (
        {"extra": {"seq_parrot/e\u0301.txt": "", "seq_parrot/\xe9.txt": ""}},
        r"would be one file, expected different names",
    ),
    "text direction": ({"extra": {"seq_parrot/\u202egpj.py": ""}}, r"an unprintable or long name"),
    "two distributions": (
        {"extra": {"torch-9.egg-info/PKG-INFO": ""}},
        r"\['seq_parrot-1\.0\.dist-info', 'torch-9\.egg-info'\], expected one \.dist-info",
    ),
    "huge headers": (
        {"headers": f"X: {'y' * 2**20}\n"},
        r"METADATA: \d+ bytes, expected at most 1048576",
    ),
    "invalid Python": (
        {"headers": "Requires-Python: >=3.9\xe9\n"},
        r"Requires-Python '>=3\.9\xe9': Invalid specifier",
    ),
    "invalid requirement": (
        {"requires": ("f\xe9ather",)},
        r"Requires-Dist 'f\xe9ather', expected a requirement",
    ),
    "invalid marker": (
        {"requires": ('feather; os_name ~= "x"',)},
        r"needs feather; os_name ~= .*, expected a valid marker",
    ),
    "nested": (
        {"manifest": f"x = {'[' * 9999}"},
        r"seqstudio\.toml: maximum recursion depth exceeded, expected TOML",
    ),
    "compiled": ({"extra": {"seq_parrot/__pycache__/a.pyc": ""}}, r"compiled code, expected its"),
    "id": ({"identity": "speech"}, r"id 'speech' belongs to seqstudio[-_]speech, expected another"),
    "reserved": (
        {"identity": "plugins"},
        r"id='plugins', expected .* none of the host's own commands",
    ),
    "task": (
        {"manifest": TASK},
        r"task 'speech\.evil', expected a name that begins with 'parrot\.'",
    ),
    "model": ({"manifest": MODEL}, r"model 'rolls-jsb' belongs to music, expected another"),
    "newer API": ({"api": ">=2.0,<3"}, r"api='>=2\.0,<3', expected a range that holds 1\.0"),
    "api of thousands": ({"api": f">={'9' * 5000}"}, r"expected a range such as '>=1\.0,<2'"),
    "api in other digits": ({"api": ">=\xb2"}, r"expected a range such as '>=1\.0,<2'"),
    "id like a flag": ({"identity": "-x"}, r"id='-x', expected lower-case letters"),
    "long id": ({"identity": "x" * 65}, r"expected lower-case letters, digits and '-'"),
    "two operations with one name": (
        {"manifest": operation()["manifest"] * 2},
        r"operations: 'x' twice, expected each",
    ),
    "output outside": (
        operation(output="../x"),
        r"name '\.\./x', expected one that a file can have",
    ),
    "format outside": (
        operation(form="/x"),
        r"name '/x', expected one that a file can have",
    ),
    "model outside": (
        {"manifest": MODEL.replace("rolls-jsb", "parrot").replace('"m"', '"../m"')},
        r"model 'parrot': path='\.\./m', expected one in the package",
    ),
    "default of another type": (
        {"manifest": f"{operation()['manifest']}{ONE_OPTION.format(1)}default = 'x'\n"},
        r"option 'o1': default='x', expected int",
    ),
    "date": (
        {"manifest": TASK.replace("speech", "parrot") + "options = {}\n" + DATE},
        r"tasks\[0\]\.preset_values\.p\.epochs=1979-05-27, expected no dates",
    ),
    "forged sheet": (
        {"manifest": '[permissions]\nread = "notes\\n\\u001b[8masks for  nothing"\n'},
        r"permissions\.read='notes\\n.*', expected one line of printable text",
    ),
    "terminal control codes": (
        operation(title="\\u001b[2J"),
        r"operations\[0\]\.title='\\x1b\[2J', expected one line of printable text",
    ),
    "text direction in a title": (
        operation(title="\\u202egpj"),
        r"title='\\u202egpj', expected one line of printable text",
    ),
    "other machine": ({"tags": "cp27-cp27m-win32"}, r"built for another Python or machine"),
    "other Python": ({"headers": "Requires-Python: <3\n"}, r"needs Python <3, expected one for 3"),
    "a million options": (
        {"manifest": MILLION_OPTIONS},
        r"seqstudio\.toml: \d+ bytes, expected at most 262144",
    ),
}


@pytest.mark.medium
@pytest.mark.parametrize("attack", HARMFUL_WHEELS)
def test_a_harmful_wheel_is_refused_before_any_of_it_runs_or_is_written(
    builder: Any, store: Store, store_files: StoreFiles, attack: str
) -> None:
    changes, reason = HARMFUL_WHEELS[attack]
    wheel = builder.plugin(**{"code": "raise RuntimeError('it ran')", **changes})
    with pytest.raises(PluginError, match=reason) as refused:
        store.inspect(wheel)

    assert "\n" not in str(refused.value)
    assert store_files() == {}


def test_ten_gigabytes_when_unpacked_are_refused_without_reading(
    builder: Any, store: Store
) -> None:
    def claim(archive: zipfile.ZipFile) -> None:
        archive.writestr("seq_parrot/bomb.bin", bytes(2**20))
        archive.getinfo("seq_parrot/bomb.bin").file_size = 10 * 2**30

    with pytest.raises(PluginError, match=r"^seq_parrot.* bytes when unpacked, expected at most"):
        store.inspect(builder.plugin(after=claim))


def test_a_false_size_is_detected(builder: Any, store: Store) -> None:
    def claim(archive: zipfile.ZipFile) -> None:
        archive.writestr("seq_parrot/bomb.bin", bytes(2**20))
        archive.getinfo("seq_parrot/bomb.bin").file_size = 10

    def listed(record: str) -> str:
        return f"{record}seq_parrot/bomb.bin,sha256=x,10\n"

    with pytest.raises(PluginError, match=r"bomb\.bin: (Bad CRC|its sha256 differs)"):
        store.inspect(builder.plugin(after=claim, record=listed))


def test_bytes_around_the_zip_are_refused(builder: Any, store: Store) -> None:
    wheel = builder.plugin()
    wheel.write_bytes(b"#!/bin/sh\n" + wheel.read_bytes())
    with pytest.raises(PluginError, match="bytes before the zip, expected none"):
        store.inspect(wheel)
    wheel = builder.plugin()
    wheel.write_bytes(wheel.read_bytes() + b"#")
    with pytest.raises(PluginError, match="bytes after the zip, expected none"):
        store.inspect(wheel)
    commented = builder.plugin(after=lambda archive: setattr(archive, "comment", b"x" * 60_000))
    with pytest.raises(PluginError, match="bytes after the zip, expected none"):
        store.inspect(commented)


def test_a_member_with_two_names_is_refused() -> None:
    """Python 3.13 reads a member's name from a field that older versions ignore."""
    entry = zipfile.ZipInfo("seq_parrot/x.py")
    entry.filename = "../x.py"

    assert entry_fault(entry) == "also named '../x.py', expected one name"


@pytest.mark.parametrize("kind", ["pipe", "device", "twenty gigabytes"])
def test_a_pipe_device_or_huge_file_is_not_read(
    builder: Any, store: Store, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "seq_parrot-1.0-py3-none-any.whl"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(20 * 2**30)
    with pytest.raises(PluginError, match="expected a wheel, a file of at most 2147483648 bytes"):
        store.inspect(path)


@pytest.mark.medium
def test_the_profile_may_be_a_link(builder: Any, tmp_path: Path, profile: Profile) -> None:
    profile.home.mkdir()
    (tmp_path / "link").symlink_to(profile.home)
    store = Store(Profile(tmp_path / "link"))
    inspected = store.inspect(builder.plugin())
    store.install(inspected, accepted=inspected.sheet.sha256)

    assert "parrot" in [plugin.id for plugin in Catalogue.load(profile).plugins]
    store.uninstall("parrot")
    assert [path.name for path in profile.home.iterdir()] == ["cache"]


@pytest.mark.parametrize("module", ["os", "seqstudio.host", "../evil", "", "seq_parrot [more]"])
def test_an_entry_point_must_name_a_module_of_its_wheel(
    builder: Any, store: Store, module: str
) -> None:
    entries = f"[seqstudio.plugins]\nparrot = {module}\n"
    wheel = builder.wheel("seq_parrot", "1.0", {"seq_parrot/__init__.py": ""}, entries=entries)
    with pytest.raises(PluginError, match=r"no .*/seqstudio\.toml, expected a manifest in the"):
        store.inspect(wheel)


def test_a_dependency_that_hides_a_module_of_the_host_is_refused(
    builder: Any, store: Store
) -> None:
    builder.wheel("feather", "1.0", {"seqstudio/feather.py": ""})
    builder.plugin(requires=("feather",))
    with pytest.raises(PluginError, match=r"^feather 1\.0: module 'seqstudio' belongs to the host"):
        store.inspect(builder.folder)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x00" * 100])
def test_a_file_that_is_not_a_zip_is_refused(builder: Any, store: Store, data: bytes) -> None:
    wheel = builder.plugin()
    wheel.write_bytes(data)
    with pytest.raises(PluginError, match="expected a wheel, which is a zip"):
        store.inspect(wheel)


@pytest.mark.medium
def test_a_change_of_one_byte_is_detected(builder: Any, store: Store, tmp_path: Path) -> None:
    """A changed byte is either detected, or changes neither a file nor the manifest."""
    wheel = builder.plugin()
    expected = store.inspect(wheel)
    data = wheel.read_bytes()
    for position in range(0, len(data), 29):
        changed = tmp_path / wheel.name
        changed.write_bytes(data[:position] + bytes([data[position] ^ 0x55]) + data[position + 1 :])
        with contextlib.suppress(PluginError):
            found = store.inspect(changed)
            assert found.wheels[0].hashes == expected.wheels[0].hashes
            assert found.sheet.sha256 != expected.sheet.sha256
