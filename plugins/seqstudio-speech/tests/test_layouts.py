"""Layouts of published data sets, written as these have them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from seqstudio_speech.importers import importers

from seqstudio.api import AudioExample, Importer, Ledger
from seqstudio.api.media import AudioSource
from seqstudio.host.conformance.speech_layouts import in_layout

COMMON_VOICE = 'client_id\tpath\tsentence\tup_votes\nc1\tcv_1.mp3\tSay "no", she said.\t2\n'
LJ = "LJ001-0001|Printing, in 1450|Printing, in fourteen fifty\nLJ001-0002|Mr. X|\nbroken line\n"
DEEP_SPEECH = 'wav_filename,wav_filesize,transcript\nclips/a.wav,1024,"yes, ""no"""\n'
NEMO = [
    {"audio_filepath": "a.wav", "duration": 2.5, "text": "ONE"},
    {"audio_filepath": "a.wav", "offset": 3.0, "duration": 1.0, "text": "TWO"},
    {"audio_filepath": "b.wav", "text": ""},
]
KALDI = {
    "wav.scp": "r1 audio/r1.wav\nr2 sox r2.sph -t wav - |\n",
    "segments": "u1 r1 0.5 2.0\nu2 r2 0 1\nu3 r1 3 4\n",
    "text": "u1 HELLO THERE\nu2 NO\nu3 BYE\nu4 LOST\n",
    "utt2spk": "u1 ann\nu3 ben\n",
}


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def read(source: Path) -> tuple[str, list[AudioExample], dict[str, str]]:
    """Read a source by the first importer that recognises it; return its name too."""
    importer = next(one for one in importers() if one.recognises(source))
    ledger = Ledger()
    examples = list(importer.read(source, ledger))
    reasons = {where.removeprefix(f"{source}/"): why for where, why in ledger.refused.items()}
    return importer.name, examples, reasons  # type: ignore[return-value]


def test_common_voice(tmp_path: Path) -> None:
    header = COMMON_VOICE.partition("\n")[0]
    files = {"clips/cv_1.mp3": "", "train.tsv": COMMON_VOICE, "validated.tsv": COMMON_VOICE}
    lay(tmp_path, files | {"dev.tsv": header + "\nc2\tcv_2.mp3\tOui.\t2\nc2\tcv_3.mp3\t\t2\n"})
    name, (valid, train), reasons = read(tmp_path)

    assert name == "speech-table"
    assert (train.split, train.group, train.transcript) == ("train", "c1", 'Say "no", she said.')
    assert train.audio == tmp_path / "clips" / "cv_1.mp3"
    assert (valid.split, valid.transcript) == ("valid", "Oui.")
    assert reasons == {"dev.tsv:3": "text '', expected a transcript"}


def test_lj_speech(tmp_path: Path) -> None:
    lay(tmp_path, {"metadata.csv": LJ, "wavs/LJ001-0001.wav": "", "wavs/LJ001-0002.wav": ""})
    name, (first, second), reasons = read(tmp_path)

    assert name == "ljspeech"
    assert first.transcript == "Printing, in fourteen fifty"
    assert second.transcript == "Mr. X"
    assert first.audio == tmp_path / "wavs" / "LJ001-0001.wav"
    assert list(reasons) == ["metadata.csv:3"]


def test_a_csv_with_quotes(tmp_path: Path) -> None:
    lay(tmp_path, {"train.csv": DEEP_SPEECH, "clips/a.wav": ""})
    _, (example,), _ = read(tmp_path / "train.csv")

    assert (example.transcript, example.split) == ('yes, "no"', "train")
    assert example.audio == tmp_path / "clips" / "a.wav"


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_columns_are_found_by_name_whatever_separates_them(tmp_path: Path, delimiter: str) -> None:
    rows = [["Text", "Speaker ID", "File Name"], ["BON JOUR", "ann", "a"]]
    content = "".join(delimiter.join(row) + "\r\n" for row in rows)
    lay(tmp_path, {"a.flac": ""})
    (tmp_path / "my data.csv").write_bytes(content.encode("utf-16"))
    _, (example,), _ = read(tmp_path)

    assert (example.transcript, example.group) == ("BON JOUR", "ann")
    assert example.audio == tmp_path / "a.flac"


def test_nemo(tmp_path: Path) -> None:
    lines = "".join(json.dumps(one) + "\n" for one in NEMO) + '{"text": "no name"}\n'
    lay(tmp_path, {"train_manifest.json": lines, "a.wav": "", "b.wav": ""})
    name, (whole, part), reasons = read(tmp_path)

    assert name == "nemo"
    assert (whole.audio, whole.seconds, whole.split) == (tmp_path / "a.wav", 2.5, "train")
    assert part.audio == AudioSource(tmp_path / "a.wav", start_s=3.0, end_s=4.0)
    assert list(reasons) == ["train_manifest.json:3", "train_manifest.json:4"]


def test_kaldi(tmp_path: Path) -> None:
    lay(tmp_path / "dev", KALDI | {"audio/r1.wav": ""})
    name, (first, last), reasons = read(tmp_path)

    assert name == "kaldi"
    recording = tmp_path / "dev" / "audio" / "r1.wav"
    assert first.audio == AudioSource(recording, start_s=0.5, end_s=2.0)
    assert (first.transcript, first.group, first.split) == ("HELLO THERE", "ann", "valid")
    assert (last.transcript, last.group) == ("BYE", "ben")
    assert reasons == {
        "dev/text:2": "the command 'sox r2.sph -t wav - |' in wav.scp, expected the name of a file",
        "dev/text:4": "no segment 'u4', expected RECORDING START END in segments",
    }


def test_the_parent_of_librispeech(tmp_path: Path) -> None:
    chapter = "LibriSpeech/train-clean-100/84/121123/84-121123"
    lay(tmp_path, {f"{chapter}.trans.txt": "84-121123-0000 GO\n"})
    name, (example,), _ = read(tmp_path)

    assert (name, example.split, example.group) == ("librispeech", "train", "84")


@pytest.mark.parametrize(
    "files", [{"wav/a.wav": "", "txt/a.txt": "YES"}, {"a.wav": "", "a.lab": "YES"}]
)
def test_texts_in_a_folder_of_their_own_or_with_another_suffix(
    tmp_path: Path, files: Mapping[str, str]
) -> None:
    name, (example,), reasons = read(lay(tmp_path, files | {"txt/lone.txt": "NO"}))

    assert (name, example.transcript) == ("audio-with-text", "YES")
    expected = {"txt/lone.txt": "no recording of this name beside it"}
    assert reasons == (expected if "txt/a.txt" in files else {})


def test_a_text_that_is_nan_is_no_transcript(tmp_path: Path) -> None:
    lay(tmp_path, {"data.csv": "path,text\na.wav,nan\nb.wav,YES\n"})
    _, (example,), reasons = read(tmp_path)

    assert example.id == "b.wav"
    assert reasons == {"data.csv:2": "text 'nan', expected a transcript"}


@pytest.mark.parametrize("importer", importers(), ids=lambda one: one.name)
def test_the_conformance_suite_has_data_for_every_importer(
    importer: Importer, tmp_path: Path
) -> None:
    source, ledger = in_layout(importer.name, tmp_path), Ledger()

    assert importer.recognises(source)
    assert len(list(importer.read(source, ledger))) == 8
    assert not ledger.refused
