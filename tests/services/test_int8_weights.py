from pathlib import Path

import pytest
import torch
from letters_task import LettersTask, write_letters
from safetensors.torch import load, save

from seqstudio.errors import ModelError
from seqstudio.services.bundle_files import (
    export_bundle,
    inspect_bundle,
    write_bundle,
)
from seqstudio.services.bundles import load_bundle
from seqstudio.services.int8_weights import from_int8, to_int8
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


@pytest.fixture(scope="module")
def wide_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a model whose matrices are large enough to be stored in 8 bits."""
    folder = tmp_path_factory.mktemp("wide")
    job = TrainJob(
        data=write_letters(folder / "letters.txt"),
        run=folder / "run",
        settings=("hidden=64", "epochs=1"),
    )
    for _ in run_train_job(job, LettersTask(), PluginContext(plugin="letters", plugin_version="1")):
        pass
    return (folder / "run/model").resolve()


def test_each_number_is_off_by_at_most_half_a_step_of_its_row() -> None:
    rows = torch.randn(40, 3, 30) * torch.logspace(-6, 3, 40)[:, None, None]
    rows[7] = 0
    restored = from_int8(load(to_int8(save({"rows": rows}), exempt="buffers.")), Path("x"))["rows"]

    greatest = rows.abs().amax(dim=(1, 2), keepdim=True)
    assert ((restored - rows).abs() <= greatest / 127 / 2 * 1.001).all()


def test_vectors_small_matrices_and_buffers_stay_as_they_are() -> None:
    tensors = {
        "bias": torch.randn(5000).half(),
        "small": torch.randn(8, 8).half(),
        "ids": torch.arange(4096).reshape(64, 64),
        "buffers.table": torch.randn(64, 64),
    }
    stored = load(to_int8(save(tensors), exempt="buffers."))

    assert {name: tensor.dtype for name, tensor in stored.items()} == {
        name: tensor.dtype for name, tensor in tensors.items()
    }
    assert all(torch.equal(stored[name], tensor) for name, tensor in tensors.items())


def test_a_bundle_in_8_bits_is_smaller_and_loads_as_the_same_model(
    wide_bundle: Path, tmp_path: Path
) -> None:
    before, after = (
        inspect_bundle(wide_bundle),
        export_bundle(wide_bundle, tmp_path / "a", int8=True),
    )
    old, new = (load_bundle(path, LettersTask()).module for path in (wide_bundle, tmp_path / "a"))

    assert after.size < 0.6 * before.size
    assert after.parameters == before.parameters
    assert after.golden == ()
    assert after.card.remarks[-1] == "Weights of 8 bits, rounded after measuring."
    for name, tensor in old.state_dict().items():
        torch.testing.assert_close(new.state_dict()[name], tensor, atol=0.02, rtol=0)
    again = export_bundle(tmp_path / "a", tmp_path / "b", int8=True)
    assert again.card == after.card
    assert (tmp_path / "a/weights.safetensors").read_bytes() == (
        tmp_path / "b/weights.safetensors"
    ).read_bytes()


def test_a_scale_of_another_shape_is_refused(wide_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    export_bundle(wide_bundle, folder, int8=True)
    tensors = load((folder / "weights.safetensors").read_bytes())
    name = next(name for name in tensors if name.endswith(".scale"))
    tensors[name] = tensors[name][:-1]
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    contents.pop("hashes.json")
    write_bundle(folder, contents | {"weights.safetensors": save(tensors)})

    with pytest.raises(ModelError, match=r"scale has shape \(\d+,\), expected \(\d+,\)") as raised:
        load_bundle(folder, LettersTask())
    assert str(folder) in str(raised.value)
