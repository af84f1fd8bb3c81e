"""sherpa-onnx with a tiny CTC model of random weights: it proves the plumbing, and knows no words.

What needs the engine is skipped where it is not installed.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
from onnx import TensorProto, helper, numpy_helper
from seqstudio_sherpa import seqstudio_recognisers
from seqstudio_sherpa.onnx_metadata import onnx_metadata
from seqstudio_sherpa.recogniser import words_of

from seqstudio.errors import ModelError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.recognisers import find_recogniser
from seqstudio.host.profile import Profile
from seqstudio.host.studio import JobSpec, Studio

RECORDING = Path(__file__).parents[3] / "assets/speech/an114-mdcs2-b.flac"
TOKENS = ("\u2581go", "ing", "\u2581on", "\u2581and", "s", "<blk>")


def write_model(folder: Path, model_type: str = "EncDecCTCModelBPE") -> Path:
    """Write a model with NeMo's interface: (N, 80, T) features to (N, T, V) log probabilities."""
    folder.mkdir()
    weights = np.random.default_rng(3).standard_normal((80, len(TOKENS))).astype(np.float32)
    nodes = [
        helper.make_node("Transpose", ["audio_signal"], ["frames"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["frames", "weights"], ["scores"]),
        helper.make_node("LogSoftmax", ["scores"], ["logprobs"], axis=-1),
        helper.make_node("Identity", ["length"], ["length_out"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("audio_signal", TensorProto.FLOAT, ["N", 80, "T"]),
            helper.make_tensor_value_info("length", TensorProto.INT64, ["N"]),
        ],
        [
            helper.make_tensor_value_info("logprobs", TensorProto.FLOAT, ["N", "T", len(TOKENS)]),
            helper.make_tensor_value_info("length_out", TensorProto.INT64, ["N"]),
        ],
        [numpy_helper.from_array(weights, "weights")],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    facts = {
        "model_type": model_type,
        "vocab_size": str(len(TOKENS) - 1),
        "normalize_type": "per_feature",
        "subsampling_factor": "1",
    }
    helper.set_model_props(model, facts)
    onnx.save(model, str(folder / "model.onnx"))
    lines = [f"{token} {number}\n" for number, token in enumerate(TOKENS)]
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "tiny-model")


@pytest.fixture
def ctc() -> Any:
    offered = {one.name: one for one in seqstudio_recognisers()}
    return offered["sherpa-ctc"]


def test_a_folder_is_found_by_its_files(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs seqstudio-sherpa")
    catalogue = Catalogue.load(Profile(tmp_path / "home"))
    found = find_recogniser(catalogue, str(folder))

    assert found is not None
    assert (found.plugin.id, found.entry.name, found.folder) == ("sherpa", "sherpa-ctc", folder)


def test_metadata_are_read_as_onnx_reads_them(folder: Path) -> None:
    expected = {one.key: one.value for one in onnx.load(folder / "model.onnx").metadata_props}

    assert onnx_metadata(folder / "model.onnx") == expected


@pytest.mark.parametrize("content", [b"not a model" * 9, b"\x3a\xff\xff\xff\x7f", b"\xff" * 20])
def test_a_file_that_is_no_model_is_refused(content: bytes, folder: Path, ctc: Any) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs seqstudio-sherpa")
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx: .*, expected an ONNX model"):
        ctc.load(folder, 1)


def test_another_kind_of_model_is_refused(tmp_path: Path, ctc: Any) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs seqstudio-sherpa")
    other = write_model(tmp_path / "other", "paraformer")
    with pytest.raises(ModelError, match="model_type=paraformer, expected one of: EncDecCTC"):
        ctc.load(other, 1)


def test_tokens_become_words_that_end_before_the_next_begins() -> None:
    words = words_of(["\u2581go", "ing", "\u2581", "on"], [0.5, 0.75, 0.9, 1.0], 1.1)

    assert [(w.word, w.start_s, w.end_s) for w in words] == [("going", 0.5, 0.9), ("on", 0.9, 1.1)]
    assert words_of([], [], 1.0) == ()


@pytest.mark.medium
def test_one_command_transcribes_with_a_folder(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs seqstudio-sherpa")
    spec = JobSpec(
        plugin="speech",
        name="transcribe",
        inputs={"audio": (RECORDING,)},
        out=tmp_path / "out",
        model=str(folder),
        formats=("json",),
    )
    assert Studio(tmp_path / "home").submit(spec).wait().done == 1
    transcript = json.loads((tmp_path / "out" / f"{RECORDING.stem}.json").read_text())

    assert transcript["provenance"]["model"] == "tiny-model"
    words = [word for segment in transcript["segments"] for word in segment["words"]]
    times = [time for word in words for time in (word["start_s"], word["end_s"])]
    assert words
    assert times == sorted(times)


@pytest.mark.medium
@pytest.mark.parametrize("count", [1, 160, 1700, 16000])
def test_short_and_silent_audio_is_no_error_and_the_same_samples_give_the_same_words(
    count: int, folder: Path, ctc: Any
) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs seqstudio-sherpa")
    loaded = ctc.load(folder, 1)
    loaded.recognise(np.zeros(count, np.float32), "")
    samples, _ = soundfile.read(RECORDING, dtype="float32")

    assert loaded.recognise(samples[:count], "") == loaded.recognise(samples[:count], "")
