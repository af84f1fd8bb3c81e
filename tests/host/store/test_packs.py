"""A plugin as one file, and a folder of such files."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.errors import PluginError
from seqstudio.host.store.pack_reader import ReportLine, open_pack
from seqstudio.host.store.pack_writer import write_pack
from seqstudio.host.store.shelf import add_to_shelf, find_on_shelf, read_shelf
from seqstudio.host.store.store import Store

PASSED = (ReportLine(name="it installs", outcome="pass"),)
Packer = Callable[[str], Path]


@pytest.fixture
def packed(builder: Any, store: Store, tmp_path: Path) -> Packer:
    """Return a function that packs a version of a plugin with a library that it needs."""

    def pack(version: str) -> Path:
        builder.wheel(
            "rhymes", "2.0", {"rhymes.py": "WORDS = 1\n", "rhymes-2.0.dist-info/NOTICE": "n"}
        )
        builder.plugin(version=version, requires=("rhymes>=1",))
        folder = builder.folder
        path = write_pack(store.inspect(folder), PASSED, tmp_path / "packs")
        for wheel in folder.glob("seq_parrot*"):
            wheel.unlink()
        return path

    return pack


def rewritten(pack: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Return a copy of a pack with other contents."""
    with zipfile.ZipFile(pack) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    copy = pack.with_name("changed.seqplugin")
    with zipfile.ZipFile(copy, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return copy


@pytest.mark.medium
def test_one_file_installs_a_plugin_with_what_it_needs(packed: Packer, store: Store) -> None:
    pack = packed("1.0")
    inspected = store.inspect(pack)
    store.install(inspected, accepted=inspected.sheet.sha256)
    (plugin,) = store.installed()

    assert pack.name == "parrot-1.0.seqplugin"
    assert plugin.receipt.dependencies == {"rhymes": "2.0"}
    assert plugin.receipt.source == str(pack)


def test_a_pack_holds_licences_and_its_report(packed: Packer) -> None:
    pack = packed("1.0")
    card, wheels = open_pack(pack)
    with zipfile.ZipFile(pack) as archive:
        names = archive.namelist()

    assert [wheel.path.name for wheel in wheels] == [wheel.file for wheel in card.wheels]
    assert "licences/rhymes-2.0/NOTICE" in names
    assert card.report == PASSED
    assert packed("1.0").read_bytes() == pack.read_bytes()


def test_a_plugin_that_fails_a_check_is_not_packed(
    builder: Any, store: Store, tmp_path: Path
) -> None:
    failed = ReportLine(name="same bytes", outcome="fail", detail="a.txt")

    with pytest.raises(PluginError, match=r"parrot: same bytes: a.txt; expected a pass"):
        write_pack(store.inspect(builder.plugin()), [failed], tmp_path)
    assert not [*tmp_path.glob("*.seqplugin")]


def test_a_changed_or_hidden_wheel_is_refused(packed: Packer) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["wheels/rhymes-2.0-py3-none-any.whl"] += b"x"

    def add(members: dict[str, bytes]) -> None:
        members["wheels/more-1.0-py3-none-any.whl"] = b"x"

    pack = packed("1.0")
    with pytest.raises(PluginError, match=r"rhymes-2.0-py3-none-any.whl: sha256 .*, expected"):
        open_pack(rewritten(pack, change))
    with pytest.raises(PluginError, match=r"more-1.0.*, expected the wheels that pack.json lists"):
        open_pack(rewritten(pack, add))


def test_a_pack_of_another_format_or_without_a_card_is_refused(packed: Packer) -> None:
    def newer(members: dict[str, bytes]) -> None:
        members["pack.json"] = json.dumps(
            {**json.loads(members["pack.json"]), "format": 2}
        ).encode()

    pack = packed("1.0")
    with pytest.raises(PluginError, match="format=2, expected 1"):
        open_pack(rewritten(pack, newer))
    with pytest.raises(PluginError, match=r"no pack.json, expected a pack"):
        open_pack(rewritten(pack, lambda members: members.pop("pack.json") and None))


@pytest.mark.medium
def test_a_shelf_gives_the_newest_version(packed: Packer, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    for version in ("1.9", "1.10", "1.9"):
        add_to_shelf(packed(version), shelf)

    assert [one.version for one in read_shelf(shelf).packs] == ["1.9", "1.10"]
    assert find_on_shelf("parrot", shelf).name == "parrot-1.10.seqplugin"
    assert find_on_shelf("parrot==1.9", shelf).name == "parrot-1.9.seqplugin"
    with pytest.raises(PluginError, match=r"no plugin 'owl', expected one of: parrot==1.9, parrot"):
        find_on_shelf("owl", shelf)


def test_a_file_that_is_not_the_one_in_the_index_is_refused(packed: Packer, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    add_to_shelf(packed("1.0"), shelf)
    with (shelf / "parrot-1.0.seqplugin").open("ab") as stream:
        stream.write(b"x")

    with pytest.raises(PluginError, match=r"expected [0-9a-f]{64} as in index.json"):
        find_on_shelf("parrot", shelf)
    with pytest.raises(PluginError, match="expected the index of a shelf"):
        read_shelf(tmp_path)
