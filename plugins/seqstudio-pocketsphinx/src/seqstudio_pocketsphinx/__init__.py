"""PocketSphinx as a recogniser: the smallest engine, and the least accurate."""

from collections.abc import Iterable

from seqstudio.api import Recogniser, hookimpl
from seqstudio_pocketsphinx.recogniser import PocketSphinx


@hookimpl
def seqstudio_recognisers() -> Iterable[Recogniser]:
    """Return the recogniser with the model of PocketSphinx's own package."""
    return [PocketSphinx()]
