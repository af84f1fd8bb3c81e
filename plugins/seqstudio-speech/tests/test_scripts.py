import pytest
from seqstudio_speech.scoring import error_sums
from seqstudio_speech.scripts import is_unspaced, joined, spans
from seqstudio_speech.words import attached_of, segments_of, words_of

from seqstudio.api import Transcript
from seqstudio.api.nn import AlignedLabel
from seqstudio.media.subtitles import to_srt


def units(text: str) -> list[str]:
    return [text[start:stop] for start, stop in spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GO AHEAD", ["GO", "AHEAD"]),
        ("  a  b ", ["a", "b"]),
        ("", []),
        ("été l'eau", ["été", "l'eau"]),
        ("한국 사람", ["한국", "사람"]),
        ("我们去, 好吗?", ["我", "们", "去,", "好", "吗?"]),
        ("ちょっとコーヒー", ["ちょっ", "と", "コー", "ヒー"]),
        ("ไปเที่ยวกันนะ", ["ไป", "เที่", "ย", "ว", "กั", "น", "นะ"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),
        ("第12課 abc", ["第", "12", "課", "abc"]),
    ],
)
def test_units_are_words_or_characters_with_what_belongs_to_them(
    text: str, expected: list[str]
) -> None:
    assert units(text) == expected


@pytest.mark.parametrize("text", ["go 日本 ab", "ไปเที่ยว กันนะ", "A B  C"])
def test_units_join_to_the_text_they_came_from(text: str) -> None:
    assert joined(zip(units(text), attached_of(text), strict=True)) == " ".join(text.split())


def test_an_alphabet_is_unspaced_by_its_letters() -> None:
    assert is_unspaced("กขคงจ ็่้abc")
    assert not is_unspaced("abcdefg日")
    assert not is_unspaced("-. ")


def transcript(text: str) -> Transcript:
    """Return a transcript whose every character lasts 40 ms."""
    aligned = [AlignedLabel(1, n, n + 1, 0.9) for n in range(len(text))]
    words = words_of(text, aligned, lambda start, stop: (0.04 * start, 0.04 * stop))
    segments = segments_of(words, attached_of(text))
    return Transcript(audio="a", duration_s=60.0, text=text, segments=segments)


def test_a_text_without_spaces_keeps_its_text_and_has_times_and_short_lines() -> None:
    text = "这是一个没有空格的句子。" * 12
    (segment,) = transcript(text).segments
    lines = [line for line in to_srt(transcript(text)).splitlines() if "这" in line or "句" in line]

    assert segment.text == text
    assert "".join(word.word for word in segment.words) == text
    assert segment.words[1].start_s == pytest.approx(0.04)
    assert "".join(lines) == text
    assert max(map(len, lines)) <= 42


def test_words_are_not_scored_where_the_script_has_none() -> None:
    sums = error_sums("ไปไหน", "ไปไหม", spaced=False)

    assert sums == {"cer": (1.0, 5.0), "wrong_utterances": (1.0, 1.0)}
    assert error_sums("A B", "A C")["wer"] == (1.0, 2.0)
