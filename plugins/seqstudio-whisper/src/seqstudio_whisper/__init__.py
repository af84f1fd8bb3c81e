"""Whisper as a recogniser, run by CTranslate2: open vocabulary, many languages, no torch."""

from collections.abc import Iterable

from seqstudio.api import Recogniser, hookimpl
from seqstudio_whisper.models import BASE, TINY_EN
from seqstudio_whisper.recogniser import Whisper


@hookimpl
def seqstudio_recognisers() -> Iterable[Recogniser]:
    """Return a recogniser for each model that can be installed, and one for a user's own."""
    return [Whisper("whisper-tiny-en", TINY_EN), Whisper("whisper-base", BASE), Whisper("whisper")]
