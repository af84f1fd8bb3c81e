"""Walk the pages of an Ogg file: its chained streams, missing pages and its end (RFC 3533)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

PAGE_HEAD_BYTES = 27
FIRST, LAST = 2, 4  # flags of a page
LONGEST_PAGE_S = 600.0  # a stream taken from a broadcast does not begin at 0
UNKNOWN_GRANULE = (1 << 64) - 1  # no packet ends on this page


class Page(NamedTuple):
    """The header of one page."""

    start: int
    end: int  # past the end of the file if the page is cut
    flags: int
    granule: int
    serial: int
    number: int
    payload: bytes  # its first bytes


@dataclass(slots=True)
class Link:
    """One of the streams that are chained in a file, one after another."""

    start: int
    end: int
    rate_hz: int  # of its granule positions; 0 if the codec is unknown
    serial: int
    number: int = 0  # of its last page
    granule: int = 0
    is_ended: bool = False  # its last page has the flag
    lost_s: float = 0.0  # on pages that are missing


@dataclass(frozen=True, slots=True)
class OggWalk:
    """All chained streams, and what is cut from the last page."""

    links: tuple[Link, ...]
    missing_bytes: int


def walk(data: bytes, size: int) -> OggWalk:
    """Find all pages.

    Parameters
    ----------
    data : the file, as bytes or a memory map
    size : of the file
    """
    links: list[Link] = []
    missing = 0
    in_heads = False
    for page in _pages(data, size):
        is_first = bool(page.flags & FIRST)
        if is_first and not in_heads:
            links.append(Link(page.start, page.start, _rate_hz(page.payload), page.serial))
        in_heads = is_first
        if not links:
            continue
        if page.end > size:
            missing = page.end - size
            links[-1].lost_s += _cut_s(links[-1], page)
            break
        _follow(links[-1], page)
    return OggWalk(tuple(links), missing)


def _follow(link: Link, page: Page) -> None:
    link.end = page.end
    if page.serial != link.serial:  # another stream beside the sound
        return
    has_granule = page.granule not in (0, UNKNOWN_GRANULE)
    lost = page.number - link.number - 1
    if page.number and lost > 0 and link.granule and has_granule and link.rate_hz:
        link.lost_s += (page.granule - link.granule) * lost / (lost + 1) / link.rate_hz
    link.number = page.number
    link.granule = page.granule if has_granule else link.granule
    link.is_ended = bool(page.flags & LAST)


def _cut_s(link: Link, page: Page) -> float:
    """Return how long a cut page is, by where it would have ended."""
    known = link.rate_hz and page.granule not in (0, UNKNOWN_GRANULE)
    seconds = (page.granule - link.granule) / link.rate_hz if known else 0.0
    return seconds if 0 < seconds < LONGEST_PAGE_S else 0.0


def _pages(data: bytes, size: int) -> Iterator[Page]:
    at = data.find(b"OggS")
    while at >= 0:
        head = data[at : at + PAGE_HEAD_BYTES]
        if len(head) < PAGE_HEAD_BYTES:
            yield Page(at, size + PAGE_HEAD_BYTES - len(head), 0, 0, -1, 0, b"")
            return
        lacing = data[at + PAGE_HEAD_BYTES : at + PAGE_HEAD_BYTES + head[26]]
        body = at + PAGE_HEAD_BYTES + head[26]
        end = max(body + sum(lacing), size + 1 if len(lacing) < head[26] else 0)
        yield Page(
            start=at,
            end=end,
            flags=head[5],
            granule=int.from_bytes(head[6:14], "little"),
            serial=int.from_bytes(head[14:18], "little"),
            number=int.from_bytes(head[18:22], "little"),
            payload=data[body : body + 64],
        )
        at = data.find(b"OggS", end) if end <= size else -1


def _rate_hz(payload: bytes) -> int:
    """Return the rate of granule positions that a stream's first packet declares; 0: unknown."""
    if payload[:8] == b"OpusHead":
        return 48000  # RFC 7845, whatever the input had
    if payload[:7] == b"\x01vorbis":
        return int.from_bytes(payload[12:16], "little")
    if payload[:5] == b"\x7fFLAC":
        return int.from_bytes(payload[27:30]) >> 4
    return 0
