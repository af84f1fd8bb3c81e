"""A result that is text in some formats already, which need no exporter."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Formatted:
    """A result as text, by format; without `otherwise`, the plain one under `txt`."""

    texts: Mapping[str, str]
    otherwise: object = None  # what exporters write in other formats

    def __str__(self) -> str:
        return self.texts["txt"]

    def to_bytes(self) -> bytes:
        """Return what a model's golden output hashes."""
        return str(self).encode()
