# ruff: noqa: RUF001  # letters that look like others are what is tested

import json
from pathlib import Path
from typing import Any

import pytest
from seqstudio_speech.orthography import oddities
from seqstudio_speech.orthography_operation import ReportOrthography
from seqstudio_speech.scoring import error_sums
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.spelling import Spelling, read_spelling
from seqstudio_speech.text import Alphabet, respelled

from seqstudio.api import DataError, Request, from_plain, to_plain


def said(*texts: str) -> list[str]:
    odd = oddities({f"t:{number}": text for number, text in enumerate(texts)})
    return [f"{one.texts} {one.what}" for one in odd]


def test_plain_texts_have_nothing_odd() -> None:
    assert said("GO AHEAD", "don't", "ça va", "привет ёж", "สวัสดี", "مرحبا", "日本のカメラ") == []


def test_letters_that_look_like_others_are_named() -> None:
    assert said("сорок", "cорок") == ["1 letter 'c' (LATIN SMALL LETTER C) among CYRILLIC letters"]
    greek = "letter 'ε' (GREEK SMALL LETTER EPSILON) among LATIN letters"
    assert said("bεlε", "mwεni", "ba") == [f"2 {greek}"]


def test_what_cannot_be_seen_is_named() -> None:
    (space,) = said("GO\u200bAHEAD")
    assert "'\\u200b' (ZERO WIDTH SPACE), which cannot be seen" in space
    (lost,) = said("caf\ufffd")
    assert "REPLACEMENT CHARACTER" in lost
    assert said("می\u200cخواهم") == []  # Persian is spelled with it


def test_marks_and_digits_are_counted_by_text() -> None:
    found = said("<noise> ONE", "TWO <noise> <noise>", "[laughs] AT 5 PM", "5 6")
    assert found == [
        "2 mark '<noise>', spelled by the model unless it is taken out",
        "2 digits, which are not spelled as they are said",
        "1 mark '[laughs]', spelled by the model unless it is taken out",
    ]


def test_rare_characters_are_named_where_there_are_many_texts() -> None:
    usual = ["SAME TEXT"] * 30
    assert said(*usual, "QUITE") == [
        "1 rare character 'I' (LATIN CAPITAL LETTER I)",
        "1 rare character 'Q' (LATIN CAPITAL LETTER Q)",
        "1 rare character 'U' (LATIN CAPITAL LETTER U)",
    ]
    assert said("SAME", "QUITE") == []


ROWS = (
    "path\ttranscript",
    "1.wav\tсорок [laughs]",
    "2.wav\tcорок\u200b",
    "3.wav\tnan",
    "4.wav\tдва всё",
)


def test_a_report_counts_letters_and_drafts_what_replaces_slips(
    plain_job: Any, tmp_path: Path
) -> None:
    table = tmp_path / "manifest.tsv"
    table.write_text("\n".join(ROWS), encoding="utf-8")
    request = Request(inputs={"data": (table,)})
    (result,) = ReportOrthography().run(request, plain_job)
    report, draft = (result.outputs[name] for name in ("report", "replacements"))
    plain = json.loads(report.texts["json"])  # type: ignore[attr-defined]
    file = tmp_path / "orthography.toml"
    file.write_text(draft.texts["toml"], encoding="utf-8")  # type: ignore[attr-defined]

    assert plain["texts"] == 3
    assert ["nan" in line for line in plain["refused"]] == [True]
    (letter,) = [one for one in plain["letters"] if one["character"] == "с"]
    assert letter["count"] == 2
    assert letter["where"] == f"{table}:2"
    assert read_spelling(file).replaced == {"[laughs]": "", "c": "с", "\u200b": ""}


def test_replacements_travel_with_the_alphabet() -> None:
    settings = SpeechSettings(vocabulary=tuple(" евсё"[:4]), spelling={"ё": "е", "[laughs]": ""})
    stored = from_plain(SpeechSettings, to_plain(settings), "settings")
    alphabet = Alphabet(stored)

    assert alphabet.normalise("[laughs] всё") == "все"
    assert alphabet.decode(alphabet.encode("всё")) == "все"


def test_longer_replacements_come_first_and_none_is_replaced_twice() -> None:
    assert respelled("aab", {"a": "b", "aa": "c", "b": "a"}) == "ca"


def test_units_of_the_given_file_stay_in_the_draft(plain_job: Any, tmp_path: Path) -> None:
    table, file = tmp_path / "manifest.tsv", tmp_path / "given.toml"
    table.write_text("path\ttranscript\n1.wav\tmbongo <noise>\n", encoding="utf-8")
    file.write_text('units = ["mb", "ng"]\n[replace]\n"é" = "e"\n', encoding="utf-8")
    request = Request(inputs={"data": (table,)}, options={"orthography": file})
    (result,) = ReportOrthography().run(request, plain_job)
    draft = tmp_path / "draft.toml"
    draft.write_text(result.outputs["replacements"].texts["toml"], encoding="utf-8")  # type: ignore[attr-defined]

    assert read_spelling(draft) == Spelling({"é": "e", "<noise>": ""}, ("mb", "ng"))


@pytest.mark.parametrize(
    "text",
    [
        "[replace]\na = 1",
        "[other]\n",
        "a =",
        '[replace]\n"" = "x"',
        'units = ["m"]',
        'units = ["m b"]',
        'units = "mb"',
    ],
)
def test_a_wrong_orthography_file_is_refused_by_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "orthography.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"orthography\.toml: "):
        read_spelling(file)


def test_errors_of_tone_marks_alone_are_none_without_marks() -> None:
    sums = error_sums("bá mwεní", "ba mwεni", marked=True)

    assert sums["cer"] == (2, 8)
    assert sums["cer_no_marks"] == (0, 8)
    assert "cer_no_marks" not in error_sums("ba", "ba")
