import dataclasses
import io
import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from letters_task import LettersTask
from safetensors.torch import load, save

from seqstudio.errors import ModelError
from seqstudio.services.bundle_files import (
    GoldenItem,
    export_bundle,
    inspect_bundle,
    verify_files,
    write_bundle,
)
from seqstudio.services.bundles import load_bundle, to_half_precision

FILES = ("config.json", "card.json", "weights.safetensors")


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    """Copy the bundle, so that a test can damage it."""
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def rewrite(folder: Path, name: str, data: bytes) -> None:
    """Replace one file and update the hashes."""
    contents = {file: (folder / file).read_bytes() for file in FILES}
    write_bundle(folder, contents | {name: data})


def edit(folder: Path, name: str, **changes: Any) -> None:
    table = json.loads((folder / name).read_bytes())
    rewrite(folder, name, json.dumps(table | changes).encode())


def edit_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    tensors = load((folder / "weights.safetensors").read_bytes())
    change(tensors)
    rewrite(folder, "weights.safetensors", save(tensors))


def assert_refused(path: Path, text: str) -> None:
    with pytest.raises(ModelError, match=text) as raised:
        load_bundle(path, LettersTask())
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_loaded_bundle_computes_what_the_saved_model_did(
    bundle: Path, task: LettersTask, finished_run: Path
) -> None:
    loaded = load_bundle(bundle, task)
    tokens, lengths = torch.tensor([[0, 1, 2, 3]]), torch.tensor([4])
    again = load_bundle(finished_run / "model", task)

    assert loaded.settings.letters == "abcde"
    assert loaded.sha256 == inspect_bundle(bundle).sha256
    assert not loaded.module.training
    assert loaded.module.task_buffers["counts"].sum() > 100
    assert torch.equal(loaded.module.decode(tokens, lengths), again.module.decode(tokens, lengths))


def test_inspecting_a_bundle_loads_no_torch(bundle: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from seqstudio.services.bundle_files import *;"
        f"info = inspect_bundle(Path({str(bundle)!r}));"
        "print(info.task, info.parameters, 'torch' in sys.modules, 'numpy' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert process.stdout.split() == ["letters.lines", "2417", "False", "False"]


def test_a_bundle_has_half_precision_except_for_the_task_buffers(bundle: Path) -> None:
    tensors = load((bundle / "weights.safetensors").read_bytes())
    dtypes = {name: tensor.dtype for name, tensor in tensors.items()}

    assert dtypes.pop("task_buffers.counts") == torch.float32
    assert set(dtypes.values()) == {torch.float16}


def test_a_weight_that_overflows_half_precision_keeps_full_precision() -> None:
    rounded = to_half_precision({"big": torch.tensor([7e4]), "small": torch.tensor([0.1])})

    assert rounded["big"].dtype == torch.float32
    assert rounded["small"].dtype == torch.float16


def test_export_is_deterministic(bundle: Path, tmp_path: Path) -> None:
    export_bundle(bundle, tmp_path / "one.seqmodel")
    export_bundle(tmp_path / "one.seqmodel", tmp_path / "folder")
    info = export_bundle(tmp_path / "folder", tmp_path / "two.seqmodel")

    assert (tmp_path / "one.seqmodel").read_bytes() == (tmp_path / "two.seqmodel").read_bytes()
    assert info.sha256 == inspect_bundle(bundle).sha256
    assert load_bundle(tmp_path / "two.seqmodel", LettersTask()).name == "two"


def test_export_replaces_card_and_golden_items(bundle: Path, tmp_path: Path) -> None:
    card = dataclasses.replace(inspect_bundle(bundle).card, name="letters-small", licence="CC0")
    golden = (GoldenItem(operation="spell", options={"length": 3}, expected={"text": "abc"}),)
    info = export_bundle(bundle, tmp_path / "x.seqmodel", card=card, golden=golden)

    assert (info.card, info.golden) == (card, golden)
    with pytest.raises(ModelError, match=r"x\.seqmodel exists, expected a new folder or file"):
        export_bundle(bundle, tmp_path / "x.seqmodel")


def test_a_pickle_beside_the_weights_is_refused(copy: Path) -> None:
    (copy / "model.pt").write_bytes(pickle.dumps(1))
    assert_refused(copy, r"model\.pt is a pickle, expected only config\.json")


def test_a_pickle_in_place_of_the_weights_is_never_opened(copy: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("it was unpickled",))

    rewrite(copy, "weights.safetensors", pickle.dumps(Bomb()))
    assert_refused(copy, r"weights\.safetensors: a pickle, expected safetensors; it was not opened")


def test_a_pickle_in_place_of_a_bundle_is_never_opened(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "plain.seqmodel", tmp_path / "model.pt"
    plain.write_bytes(pickle.dumps({"a": 1}))
    torch.save({"a": torch.zeros(2)}, zipped)
    assert_refused(plain, "a pickle, which is never opened, expected a folder or a .seqmodel file")
    assert_refused(zipped, r"data\.pkl is a pickle, expected only")


@pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
def test_an_unknown_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).touch()
    assert_refused(copy, f"{name} is an unknown file, expected only config.json")


def test_a_folder_or_a_link_in_a_bundle_is_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "more").mkdir()
    assert_refused(copy, "more is not a file, expected only files")
    (copy / "more").rmdir()
    (copy / "card.json").rename(tmp_path / "elsewhere.json")
    (copy / "card.json").symlink_to(tmp_path / "elsewhere.json")
    assert_refused(copy, r"card\.json is a link, expected a file")


def test_a_missing_file_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "card.json").unlink()
    assert_refused(copy, r"no card\.json, expected one")
    assert_refused(tmp_path / "nothing", "not there, expected a model's folder or .seqmodel file")


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_does_not_match_the_hash(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[-2] ^= 1
    (copy / name).write_bytes(data)
    assert_refused(copy, rf"{name} has SHA-256 [0-9a-f]{{12}}, expected [0-9a-f]{{12}}")


def test_hashes_that_do_not_cover_the_files_are_refused(copy: Path) -> None:
    hashes = json.loads((copy / "hashes.json").read_bytes())
    hashes.pop("card.json")
    (copy / "hashes.json").write_text(json.dumps(hashes))
    assert_refused(copy, r"hashes\.json and the files differ in card\.json")
    (copy / "hashes.json").write_text("[1]")
    assert_refused(copy, r"hashes\.json=\[1\], expected")


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("config.json", {"extra": 1}, "config.json: unknown field 'extra', expected one of"),
        ("card.json", {"extra": 1}, "card.json: unknown field 'extra', expected one of"),
        ("config.json", {"schema": 2}, "config.json.schema=2, expected 1"),
        ("config.json", {"task": "other"}, "a model of task other, expected one of letters.lines"),
        ("config.json", {"settings": {}}, "settings: no field 'letters', expected one"),
        ("config.json", {"settings": {"letters": 3}}, "settings.letters=3, expected str"),
        ("config.json", {"model": {"decoder": {"part": "x.y"}}}, "unknown part 'x.y'"),
        ("config.json", {"requires": {"x.y": "x >=1"}}, "part 'x.y' is not installed, expected"),
        ("config.json", {"buffers": {"a.b": [1]}}, "buffer 'a.b', expected a plain name"),
    ],
)
def test_an_invalid_field_is_named(
    copy: Path, name: str, changes: dict[str, Any], text: str
) -> None:
    edit(copy, name, **changes)
    assert_refused(copy, text)


def test_invalid_json_is_refused(copy: Path) -> None:
    rewrite(copy, "config.json", b"{" * 9)
    assert_refused(copy, r"config\.json: .*, expected JSON")


def test_a_configuration_larger_than_its_weights_allocates_no_memory(copy: Path) -> None:
    table = json.loads((copy / "config.json").read_bytes())
    table["model"]["decoder"]["hidden"] = 2**22
    edit(copy, "config.json", model=table["model"])
    assert_refused(copy, r"weights\.safetensors: .* has shape \(.*\), expected \(16777216, ")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda t: t.pop("task_buffers.counts"),
            r"no tensor task_buffers\.counts, expected one of shape \(5,",
        ),
        (lambda t: t.pop(sorted(t)[0]), "no tensor decoder"),
        (lambda t: t.update(more=torch.zeros(2)), "tensor more is not of this model"),
        (
            lambda t: t.update({"task_buffers.counts": torch.zeros(6)}),
            r"task_buffers\.counts has shape \(6,\), expected \(5,\)",
        ),
    ],
)
def test_a_missing_unexpected_or_misshaped_tensor_is_named(
    copy: Path, change: Callable[[dict[str, torch.Tensor]], Any], text: str
) -> None:
    edit_weights(copy, change)
    assert_refused(copy, text)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_weights_that_are_not_finite_are_refused(
    copy: Path, dtype: torch.dtype, value: float
) -> None:
    edit_weights(copy, lambda t: t.update(one=torch.tensor([1.0, value]).to(dtype)))
    assert_refused(copy, r"weights\.safetensors: one has numbers that are not finite")
    with pytest.raises(ModelError, match="not finite"):
        verify_files(copy)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("golden.json", b"[" + b" " * 2**20 + b"]", "golden.json has 1048578 bytes, expected at"),
        ("golden.json", json.dumps([{"operation": "x", "expected": {}}] * 101).encode(),
         "golden.json: 101 items, expected at most 100"),
        ("card.json", b" " * (2**20 + 1), "card.json has 1048577 bytes, expected at most"),
    ],
)  # fmt: skip
def test_json_beyond_the_limits_is_refused(copy: Path, name: str, data: bytes, text: str) -> None:
    rewrite(copy, name, data)
    assert_refused(copy, text)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("layers", 10**8, r"config\.json: model\.decoder\.layers=100000000, expected at most 1000"),
        ("hidden", 2**62, r"config\.json: .*, expected a model that can be built"),
    ],
)
def test_an_absurd_size_is_refused_at_once(copy: Path, field: str, value: int, text: str) -> None:
    model = json.loads((copy / "config.json").read_bytes())["model"]
    model["decoder"][field] = value
    edit(copy, "config.json", model=model)
    assert_refused(copy, text)


def test_a_huge_header_is_refused(copy: Path) -> None:
    rewrite(copy, "weights.safetensors", (2**40).to_bytes(8, "little") + bytes(64))
    assert_refused(copy, "header of 1099511627776 bytes, expected at most 1048576")


def zipped(path: Path, bundle: Path, damage: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*FILES, "hashes.json"):
            archive.write(bundle / name, name)
        damage(archive)
    return path


def link(archive: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("golden.json")
    entry.external_attr = 0o120777 << 16
    archive.writestr(entry, "/etc/passwd")


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda z: z.writestr("../evil.json", "{}"), r"entry '\.\./evil\.json' leads outside"),
        (lambda z: z.writestr("/etc/evil", "{}"), "entry '/etc/evil' leads outside"),
        (lambda z: z.writestr("C:evil", "{}"), "entry 'C:evil' leads outside"),
        (link, r"golden\.json is a link, expected a file"),
        (lambda z: z.writestr("sub/x.json", "{}"), r"sub/x\.json is an unknown file"),
        (
            lambda z: z.writestr("golden.json", bytes(2**20), zipfile.ZIP_DEFLATED),
            r"golden\.json is compressed, expected stored entries",
        ),
    ],
)
def test_an_unsafe_zip_is_refused(
    bundle: Path, tmp_path: Path, damage: Callable[[zipfile.ZipFile], None], text: str
) -> None:
    assert_refused(zipped(tmp_path / "x.seqmodel", bundle, damage), text)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_duplicate_entry_is_refused(bundle: Path, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.seqmodel", bundle, lambda z: z.writestr("card.json", "{}"))
    assert_refused(path, r"card\.json appears twice, expected once")


def test_overlapping_entries_are_refused(bundle: Path, tmp_path: Path) -> None:
    """A zip bomb: directory entries that share the same stored bytes."""
    path = zipped(tmp_path / "x.seqmodel", bundle, lambda z: None)
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        weights = archive.getinfo("weights.safetensors")
        shared = zipfile.ZipInfo("golden.json")
        for field in ("header_offset", "CRC", "compress_size", "file_size"):
            setattr(shared, field, getattr(weights, field))
        archive.filelist.append(shared)
        archive.NameToInfo["golden.json"] = shared
        archive._didModify = True  # type: ignore[attr-defined]  # write this directory
    path.write_bytes(buffer.getvalue())
    assert_refused(path, "entries of [0-9]+ bytes, expected less than the file's|overlap|differ")


def test_verify_detects_a_truncated_zip(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.seqmodel"
    export_bundle(bundle, path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match=r"no bundle \(File is not a zip file\)"):
        verify_files(path)
