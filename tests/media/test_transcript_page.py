"""The page of a transcript: read by Python's HTML parser, its sound by libsndfile."""

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seqstudio.contracts.audio import AudioSource
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.media import transcript_page
from seqstudio.media.transcript_page import write_transcript_page

HOSTILE = '</script><img src="x" onerror="alert(1)">'
WORDS = (
    Word(word="call", start_s=0.5, end_s=0.8, confidence=0.9),
    Word(word="<B>", start_s=0.8, end_s=1.0, confidence=0.2),
)


class Page(HTMLParser):
    """Collects tags, and the text within each word."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[float, str]] = []
        self.text = ""
        self._word: float | None = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "span" and (start := found.get("data-t")):
            self._word = float(start)

    def handle_endtag(self, tag: str) -> None:
        self._word = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._word is not None:
            self.words.append((self._word, data))

    def tag(self, name: str) -> dict[str, str | None]:
        return next(attributes for tag, attributes in self.tags if tag == name)


@pytest.fixture
def recording(tmp_path: Path) -> AudioSource:
    """Three seconds in two channels, with a click after one second."""
    samples = np.zeros((3 * 44_100, 2), np.float32)
    samples[44_100:44_400, 0] = 0.5
    soundfile.write(tmp_path / "a call.wav", samples, 44_100)
    return AudioSource(tmp_path / "a call.wav")


def page_of(transcript: Transcript, tmp_path: Path, sound: AudioSource | None) -> Page:
    write_transcript_page(transcript, tmp_path / "page.html", sound)
    return Page(tmp_path / "page.html")


def test_a_page_holds_the_sound_and_the_time_of_each_word(
    recording: AudioSource, tmp_path: Path
) -> None:
    said = Segment(start_s=0.5, end_s=1.0, text="call <B>", speaker="Ann & Bo", words=WORDS)
    page = page_of(
        Transcript(
            audio=HOSTILE, duration_s=3.0, text="call <B>", notes=("cut",), segments=(said,)
        ),
        tmp_path,
        recording,
    )

    assert page.words == [(0.5, "call"), (0.8, "<B>")]
    assert "Ann & Bo:" in page.text
    assert not any(tag == "img" for tag, _ in page.tags)
    assert [a.get("class") for tag, a in page.tags if a.get("title")] == [None, "doubtful"]
    header, _, content = str(page.tag("audio")["src"]).partition(",")
    assert header == "data:audio/mpeg;base64"
    samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(content)))
    at_s = float(np.abs(samples).max(axis=1).argmax()) / rate_hz
    assert samples.shape[1] == 2
    assert at_s == pytest.approx(1.0, abs=0.1)


def test_a_page_loads_nothing_from_elsewhere(recording: AudioSource, tmp_path: Path) -> None:
    page = page_of(Transcript(audio="a", duration_s=3.0, text="yes"), tmp_path, recording)

    addresses = [a[name] for _, a in page.tags for name in ("src", "href") if a.get(name)]
    assert [str(address)[:5] for address in addresses] == ["data:"]
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert str(policy).startswith("default-src 'none';")


def test_the_sound_of_a_long_recording_is_linked(
    recording: AudioSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript_page, "MAX_SOUND_BYTES", 1000)
    page = page_of(Transcript(audio="a", duration_s=3.0, text="yes"), tmp_path, recording)

    assert page.tag("audio")["src"] == recording.path.as_uri()
    assert "hidden" in page.tag("label")


def test_a_script_without_spaces_keeps_its_text(tmp_path: Path) -> None:
    words = tuple(Word(word=c, start_s=n, end_s=n + 1) for n, c in enumerate("你好"))
    said = Segment(start_s=0, end_s=2, text="你好", words=words)
    page = page_of(
        Transcript(audio="a", duration_s=2.0, text="你好", segments=(said,)), tmp_path, None
    )

    assert "你好" in page.text
    assert page.words == [(0.0, "你"), (1.0, "好")]
