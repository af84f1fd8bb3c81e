"""Labels of texts: data, model, and which words decided."""

import gzip
import json
from pathlib import Path

import pytest
import torch
from seqstudio_text.classify.operation import Classify, judge
from seqstudio_text.classify.task import ClassifyOptions, ClassifyTask, label_probabilities
from seqstudio_text.labelled import LabelledText
from small_text import OneModelJob, untrained

from seqstudio.api import DataError, Ledger, LoadedModel, Request

OPTIONS = ClassifyOptions(buckets=512, dimension=8, hidden=4)


def example(text: str, label: str) -> LabelledText:
    return LabelledText(id=text, text=text, label=label, where=text)


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return untrained(ClassifyTask(), [example("a", "no"), example("b", "yes")], OPTIONS)


def test_tables_are_read_by_split_and_faults_are_refused_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "train.tsv.gz").write_bytes(
        gzip.compress("label\tsource\ttext\nno\tx\tbad 🎈\n\tx\tnone\nyes\tx\t \n".encode())
    )
    (tmp_path / "dev.tsv").write_text("text\tlabel\n\u05e9\u05dc\u05d5\u05dd\tyes\n")
    (tmp_path / "notes.tsv").write_text("nothing")
    ledger = Ledger()
    found = [(e.split, e.label, e.text) for e in ClassifyTask().read(tmp_path, ledger)]

    assert found == [("valid", "yes", "\u05e9\u05dc\u05d5\u05dd"), ("train", "no", "bad 🎈")]
    assert ledger.refused == {
        "train.tsv.gz:3": "no label, expected one",
        "train.tsv.gz:4": "no text, expected some",
    }


def test_a_folder_for_each_label_is_read(tmp_path: Path) -> None:
    for label in ("no", "yes"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text(f"{label}\nindeed")
    (tmp_path / "no" / "2.txt").write_bytes(b"caf\xe9")
    (tmp_path / "no" / "3.txt").write_text("long " * 20_001)
    ledger = Ledger()
    found = [(e.label, e.text) for e in ClassifyTask().read(tmp_path, ledger)]

    assert found == [("no", "no indeed"), ("yes", "yes indeed")]
    assert "byte 0xe9 in line 1 is not UTF-8" in ledger.refused["no/2.txt"]
    assert ledger.refused["no/3.txt"] == "100004 characters, expected at most 100000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mark\ttext\nno\tx\n", "columns mark, text, expected label and text"),
        ("label\ttext\nno\tx\ty\n", r"data\.tsv:2: 3 cells, expected 2"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "data.tsv").write_text(text)

    with pytest.raises(DataError, match=said):
        list(ClassifyTask().read(tmp_path / "data.tsv", Ledger()))


def test_one_label_is_too_few() -> None:
    with pytest.raises(DataError, match=r"^labels no, expected at least 2$"):
        ClassifyTask().prepare([example("a", "no")], OPTIONS)


def test_padding_changes_no_probability(model: LoadedModel) -> None:
    task, texts = ClassifyTask(), ["short", "a much longer text with many words"]
    batch = task.collate([example(text, "no") for text in texts], model.preparation, None)
    with torch.inference_mode():
        encoded = model.module.encode(batch.inputs, batch.lengths)
        together = model.module.head("label")(encoded).softmax(dim=1)

    alone = torch.stack([label_probabilities(model, text) for text in texts])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)


def test_the_weights_of_words_say_where_the_logit_moves(model: LoadedModel) -> None:
    """They sum to the change of the label's logit, by the change of the size of all frames."""
    verdict = judge(model, "good bad ugly")
    with torch.no_grad():
        logits = []
        for size in (0.999, 1.001):
            hook = model.module.source.register_forward_hook(
                lambda module, inputs, output, size=size: (output[0] * size, output[1])
            )
            odds = label_probabilities(model, verdict.line).double().logit()
            hook.remove()
            logits.append(float(odds[model.settings.labels.index(verdict.label)]))

    assert [word.text for word in verdict.words] == ["good", "bad", "ugly"]
    assert sum(verdict.weights) == pytest.approx((logits[1] - logits[0]) / 0.002, rel=0.02)
    assert not any(p.grad is not None for p in model.module.parameters())


def test_every_line_has_its_verdict_in_every_format(model: LoadedModel, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("one <two>\n\n!\n\u05e9\u05dc\u05d5\u05dd 🎈\n")
    (result,) = Classify().run(
        Request(inputs={"text": (path,)}),
        OneModelJob(model, tmp_path),  # type: ignore[arg-type]
    )
    texts = result.outputs["labels"].texts  # type: ignore[attr-defined]

    assert len(texts["txt"].splitlines()) == 4
    assert texts["txt"].splitlines()[1] == "-\t\t\t"
    assert [one["text"] for one in json.loads(texts["json"])] == [
        "one <two>",
        "",
        "!",
        "\u05e9\u05dc\u05d5\u05dd 🎈",
    ]
    assert "&lt;" in texts["html"]
    assert "<two>" not in texts["html"]
