"""Write a transcript as one HTML page that plays the recording: a click on a word is heard.

The page needs nothing else: the sound is in it, compressed, and it loads nothing from a network.
The sound of a long recording is not in it; the page then plays the file, or asks for it.
"""

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TextIO

from seqstudio.contracts.audio import AudioSource
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.media.annotations import valid_text
from seqstudio.media.audio import audio_info
from seqstudio.media.audio_mp3 import BYTES_PER_S, mp3_bytes
from seqstudio.media.word_times import estimate_word_times, segments_of, spaced_words

MAX_SOUND_BYTES = 32_000_000  # in a page; more makes browsers slow
DOUBTFUL = 0.5  # words of less confidence are underlined
POLICY = (
    "default-src 'none'; media-src data: blob: file:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)
STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: auto; padding: 0 1rem; }
header { position: sticky; top: 0; background: Canvas; padding: .5rem 0; }
header { border-bottom: 1px solid GrayText; }
h1 { font-size: 1.1rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
audio { width: 100%; }
p { margin: 0; }
.note { font-style: italic; margin: .3rem 0; }
.segment { display: grid; grid-template-columns: 4.5rem 1fr; gap: .8rem; margin: .7rem 0; }
.segment button { all: unset; cursor: pointer; color: LinkText; align-self: start; }
.segment button:focus-visible { outline: 2px solid Highlight; }
.speaker { font-weight: 600; }
[data-t] { cursor: pointer; border-radius: .2rem; }
[data-t]:hover { background: color-mix(in srgb, Highlight 30%, transparent); }
.doubtful { text-decoration: underline dotted; }
.now { background: Highlight; color: HighlightText; }
"""
SCRIPT = """
const sound = document.querySelector("audio"), file = document.querySelector("input");
const words = [...document.querySelectorAll("span[data-t]")];
const starts = words.map(word => Number(word.dataset.t));
let now = null;

function wordAt(time) {
  let low = 0, high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= time) low = middle + 1; else high = middle;
  }
  return words[low - 1] ?? null;
}

document.querySelector("main").addEventListener("click", event => {
  const at = event.target.closest("[data-t]");
  if (!at || String(getSelection())) return;
  sound.currentTime = Number(at.dataset.t);
  sound.play();
});
sound.addEventListener("timeupdate", () => {
  now?.classList.remove("now");
  now = wordAt(sound.currentTime + 0.01);
  now?.classList.add("now");
});
sound.addEventListener("error", () => { file.parentElement.hidden = false; });
file.addEventListener("change", () => { sound.src = URL.createObjectURL(file.files[0]); });
"""


def write_transcript_page(transcript: Transcript, path: Path, sound: AudioSource | None) -> None:
    """Write the page.

    Parameters
    ----------
    transcript : segments are sorted by their starts
    path : a new file
    sound : the recording; without it the page asks for the file
    """
    with path.open("w", encoding="utf-8") as page:
        _write_head(transcript, page)
        _write_sound(page, sound)
        page.write("</header>\n<main>\n")
        for note in transcript.notes:
            page.write(f'<p class="note">{_text(note)}</p>\n')
        for segment in sorted(segments_of(transcript), key=lambda one: one.start_s):
            page.write(_segment(segment))
        page.write(f"</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")


def _write_head(transcript: Transcript, page: TextIO) -> None:
    title = _text(transcript.audio)
    page.write(
        f'<!DOCTYPE html>\n<html lang="{_text(transcript.language or "")}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header>\n<h1 dir="auto">{title}</h1>\n'
    )


def _write_sound(page: TextIO, sound: AudioSource | None) -> None:
    """Write the player: with the sound, or with the address of the recording."""
    page.write('<audio controls preload="auto" src="')
    if sound and audio_info(sound).duration_s * BYTES_PER_S <= MAX_SOUND_BYTES:
        page.write("data:audio/mpeg;base64,")
        page.write(base64.b64encode(mp3_bytes(sound)).decode())
    elif sound:
        page.write(_text(sound.path.absolute().as_uri()))
    hidden = " hidden" if sound else ""
    page.write(f'"></audio>\n<label{hidden}>Choose the recording: ')
    page.write('<input type="file" accept="audio/*,video/*"></label>\n')


def _segment(segment: Segment) -> str:
    minutes, seconds = divmod(int(segment.start_s), 60)
    speaker = f'<span class="speaker">{_text(segment.speaker)}:</span> ' if segment.speaker else ""
    return (
        f'<div class="segment"><button data-t="{segment.start_s:.3f}">{minutes}:{seconds:02}'
        f'</button><p dir="auto">{speaker}{"".join(_words(segment))}</p></div>\n'
    )


def _words(segment: Segment) -> Iterator[str]:
    """Yield the words of a segment, each with its time."""
    texts = spaced_words(segment)
    words = segment.words
    if len(words) != len(texts):  # the text was edited
        words = estimate_word_times(texts, segment.start_s, segment.end_s)
    for text, word in zip(texts, words, strict=True):
        space = " " * text.endswith(" ")
        start = f'<span data-t="{word.start_s:.3f}"{_doubt(word)}>'
        yield f"{start}{_text(text.rstrip())}</span>{space}"


def _doubt(word: Word) -> str:
    if word.confidence is None:
        return ""
    doubtful = ' class="doubtful"' if word.confidence < DOUBTFUL else ""
    return f'{doubtful} title="{word.confidence:.0%}"'


def _text(text: str) -> str:
    return escape(valid_text(text))
