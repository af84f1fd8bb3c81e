"""The language model of a recogniser: in its bundle, from files, tuned on data; and phrases."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from seqstudio_speech.confidence import (
    beam_shares,
    features,
    fit_coefficients,
    logistic,
    with_alternatives,
)
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.importers import TableImporter
from seqstudio_speech.language_model import WordModel, estimate, model_in, read_model
from seqstudio_speech.ngram_operation import EstimateNGrams, held_out_perplexity
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask

from seqstudio.api import DataError, Ledger, LoadedModel, ModelError, Request, Tunable, Word
from seqstudio.api.nn import arpa_lines, parse_arpa
from seqstudio.errors import JobError
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.tuned_models import with_preparation

TEXT = ["CAB A BA", "AB CC", "A CAB"]


def no_load(path: Path) -> LoadedModel:
    raise ModelError(f"{path}: not loaded in this test")


def test_a_model_comes_back_from_the_buffers_of_a_bundle() -> None:
    words = estimate(TEXT)
    found = model_in(words.buffers())

    assert found is not None
    assert found.words == words.words == ("A", "AB", "BA", "CAB", "CC")
    assert list(arpa_lines(found.ngrams, found.words)) == list(
        arpa_lines(words.ngrams, words.words)
    )
    assert model_in({}) is None


def test_an_arpa_file_and_its_text_give_the_same_model(
    tone_model: LoadedModel, tmp_path: Path
) -> None:
    recogniser = Recogniser(tone_model)
    (tmp_path / "text.txt").write_text("cab a\nA cab BA\n", encoding="utf-8")
    counted = read_model(tmp_path / "text.txt", recogniser.alphabet, no_load)
    lines = arpa_lines(counted.ngrams, counted.words)
    (tmp_path / "lm.arpa").write_text("\n".join(lines), encoding="utf-8")
    read = read_model(tmp_path / "lm.arpa", recogniser.alphabet, no_load)

    assert counted.words == read.words == ("A", "BA", "CAB")
    assert (counted.origin, read.origin) == ("text.txt", "lm.arpa")


def test_a_language_model_of_another_alphabet_is_refused(tone_model: LoadedModel) -> None:
    reason = "0 of 1 words of the language model are in the recogniser's letters, expected some"
    with pytest.raises(ModelError, match=reason):
        Recogniser(tone_model, SearchOptions(words=estimate(["XYZ"])))


def test_unknown_words_are_still_found(tone_model: LoadedModel, say: Callable[..., Path]) -> None:
    closed = SearchOptions(words=estimate(["A", "CC"] * 10))

    assert Recogniser(tone_model, closed).transcribe(say("CAB A BA")).text == "CAB A BA"


@pytest.mark.medium
def test_tuning_chooses_weight_beam_and_confidence(
    tone_model: LoadedModel, tone_folder: Path, say: Callable[..., Path]
) -> None:
    task: Any = CtcTask()
    examples = list(TableImporter().read(tone_folder, Ledger()))
    parts = ([one for one in examples if one.split == name] for name in ("train", "valid"))
    trials = list(task.tune(tone_model, *parts, None, no_load))
    preparation = trials[-1].preparation
    tuned = with_preparation(tone_model, preparation)

    assert isinstance(task, Tunable)
    assert trials[0].text.startswith("without a language model: wer ")
    assert [trial.fraction for trial in trials] == sorted(trial.fraction for trial in trials)
    assert len(preparation.settings.confidence) == 3
    assert preparation.settings.lm_weight > 0
    transcript = Recogniser(tuned).transcribe(say("CAB A BA"))
    assert transcript.text == "CAB A BA"
    assert transcript.provenance["language_model"] == "of the model"
    confidences = [word.confidence for segment in transcript.segments for word in segment.words]
    assert all(0.5 < (one or 0) <= 1 for one in confidences)
    plain = Recogniser(tuned, SearchOptions(no_words=True)).transcribe(say("CAB A BA"))
    assert "language_model" not in plain.provenance


@pytest.mark.medium
@pytest.mark.parametrize("confined", [True, False])
def test_a_worker_writes_the_tuned_model_in_a_new_folder(
    tone_run: Path, tone_folder: Path, tmp_path: Path, *, confined: bool
) -> None:
    out = tmp_path / "new" / "tuned"
    arguments = {"data": str(tone_folder), "out": str(out), "command": "as typed"}
    spec = JobSpec(
        plugin="speech", verb="tune", name="speech.ctc", model=str(tone_run), arguments=arguments
    )
    studio = Studio(tmp_path / "home", workers=confined)
    finished = studio.submit(spec).wait()

    assert (finished.state, finished.reason) == ("done", "")
    assert inspect_bundle(out).card.tuning == "as typed"
    assert [path.name for path in out.parent.iterdir()] == ["tuned"]
    with pytest.raises(JobError, match=r"new/tuned holds files, expected a new folder$"):
        studio.submit(spec)


def test_tuning_without_a_readable_recording_says_why(
    tone_model: LoadedModel, tone_folder: Path
) -> None:
    train = list(TableImporter().read(tone_folder, Ledger()))
    trials = CtcTask().tune(tone_model, train, [], None, no_load)

    with pytest.raises(DataError, match=r"0 of 0 valid recordings can be read: no examples"):
        next(trials)


def test_a_phrase_with_other_letters_is_refused(tone_model: LoadedModel) -> None:
    with pytest.raises(DataError, match="transcript holds 'XYZ', expected only ' ABC'"):
        Recogniser(tone_model, SearchOptions(phrases=("XYZ",)))


def test_phrases_are_in_the_records_of_a_transcript(
    tone_model: LoadedModel, say: Callable[..., Path]
) -> None:
    transcript = Recogniser(tone_model, SearchOptions(phrases=("CAB A",))).transcribe(
        say("CAB A BA")
    )

    assert transcript.text == "CAB A BA"
    assert transcript.provenance["phrases"] == ["CAB A"]


def test_a_word_has_the_share_of_the_hypotheses_that_hold_it() -> None:
    shares = beam_shares(["GO", "TWO"], ["GO TWO", "GO  THREE", "TWO"], [0.0, 0.0, 0.0])

    assert shares == pytest.approx([2 / 3, 2 / 3])


def test_the_confidence_is_fitted_to_how_often_words_are_right() -> None:
    generator = np.random.default_rng(0)
    shares, sound = generator.random(4000), generator.random(4000)
    inputs = features(shares, sound)
    truth = np.array([0.3, 0.8, 0.1])
    right = (generator.random(4000) < logistic(inputs @ truth)).astype(np.float64)

    assert fit_coefficients(inputs, right) == pytest.approx(truth, abs=0.15)


def test_words_may_have_any_case_of_the_recognisers(tone_model: LoadedModel) -> None:
    lower = WordModel(estimate(["cab a"]).ngrams, ("a", "cab"))

    assert Recogniser(tone_model, SearchOptions(words=lower)).decoder.has_words


def test_the_operation_writes_what_transcribe_reads(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("cab a ba\nab cc\na cab\n", encoding="utf-8")
    options = {"order": 3, "smoothing": "witten-bell", "case": "upper"}
    job: Any = SimpleNamespace(folder=tmp_path, check=lambda: None)
    request = Request(inputs={"text": (text,)}, options=options)
    (result,) = EstimateNGrams().run(request, job)
    written = result.outputs["model"]

    assert isinstance(written, Path)
    read, words = parse_arpa(written.read_text(encoding="utf-8").splitlines(), "lm")
    assert words == ("A", "AB", "BA", "CAB", "CC")
    assert read.order == 3
    assert result.summary.startswith("5 words, n-grams by length 8, ")


def test_perplexity_is_that_of_lines_the_model_has_not_seen() -> None:
    lines = ["one two three"] * 30

    assert held_out_perplexity(lines, 3, "witten-bell") == pytest.approx(1.06, abs=0.1)
    assert held_out_perplexity(["only"], 3, "witten-bell") is None


def test_a_word_has_what_other_hypotheses_have_in_its_place() -> None:
    words = tuple(
        Word(word=word, start_s=0.0, end_s=1.0, confidence=confidence)
        for word, confidence in (("GO", 0.9), ("TWO", 0.6), ("NOW", 1.0))
    )
    texts = ["GO TWO NOW", "GO TOO NOW", "GO TOO NOW", "TO NOW", "NO TWO NOW"]
    found = with_alternatives(words, texts, [0.0] * 5)

    assert found[0].alternatives == {"NO": 0.05, "TO": 0.05}
    assert found[1].alternatives == {"TOO": 0.2667, "": 0.1333}  # together the doubt, 0.4
    assert found[2].alternatives == {}
    assert with_alternatives(words, texts[:1], [0.0])[1].alternatives == {}
