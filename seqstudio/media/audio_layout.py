"""What a recording's file really holds, whatever its header says: found before it is decoded."""

import mmap
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias, cast

from seqstudio.media import flac_frames, mpeg_frames, ogg_pages
from seqstudio.media.audio_containers import Cut, find_cut, unsized_wav
from seqstudio.media.spliced_file import SplicedFile, patched

PartSource: TypeAlias = BinaryIO | SplicedFile

# They say what they are: bytes in them that look like frames of an MP3 are samples, or a track.
CONTAINERS = (
    *(b"RIFF", b"RF64", b"riff", b"FORM", b"caff", b".snd", b"dns.", b"wvpk"),
    *(b"\x1aE\xdf\xa3", b"0&\xb2u"),  # Matroska, ASF
)
PAD_FRAMES = 1  # of an MP3: encoders count the frame with the count or do not


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How to decode a file.

    `parts` follow one another, each with its own rate and channels; () is the whole file as it is.
    `damage` says that something is missing, `lost_s` how much, 0 if unknown; `cut` says it for a
    file of plain samples, whose seconds only its decoder knows.
    """

    parts: tuple[PartSource, ...] = ()
    notes: tuple[str, ...] = ()  # what is odd, though nothing is missing
    damage: str = ""
    lost_s: float = 0.0
    cut: Cut | None = None
    is_sized: bool = True  # the decoder knows the true length; else it is an estimate


def layout_of(raw: BinaryIO, size: int) -> Layout:
    """Look through a file of `size` bytes, at least 1, that may hold sound of any format."""
    if cut := find_cut(raw, size):
        parts = (SplicedFile(raw, patched(size, *cut.patch)),) if cut.patch else ()
        return Layout(parts=parts, damage=f"cut short, {cut.missing} bytes are missing", cut=cut)
    if patch := unsized_wav(raw):
        return Layout(parts=(SplicedFile(raw, patched(size, *patch)),))
    with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        data = cast("bytes", mapped)  # it has slices, indices and `find`, which is all they use
        if data[:4] == b"OggS":
            return _ogg_layout(raw, ogg_pages.walk(data, size))
        if end := flac_frames.find_end(data, size):
            return _flac_layout(raw, data, end, size)
        if data[:4] in CONTAINERS or data[4:8] == b"ftyp":
            return Layout()
        if (first := mpeg_frames.first_frame(data, size)) >= 0:
            return _mpeg_layout(raw, data, first, size)
    return Layout()


def _ogg_layout(raw: BinaryIO, walked: ogg_pages.OggWalk) -> Layout:
    links = walked.links
    lost_s = sum(link.lost_s for link in links)
    notes = [f"{len(links)} streams chained in one file"] if len(links) > 1 else []
    damage = ""
    if walked.missing_bytes:
        damage = f"cut short, {walked.missing_bytes} bytes of its last page are missing"
    elif lost_s:
        damage = "pages are missing in it"
    elif links and not links[-1].is_ended:
        notes.append("its end is not marked: it may have been cut")
    whole = len(links) == 1 and not damage
    parts = () if whole else [SplicedFile(raw, [(link.start, link.end)]) for link in links]
    return Layout(parts=tuple(parts), notes=tuple(notes), damage=damage, lost_s=lost_s)


def _flac_layout(raw: BinaryIO, data: bytes, end: flac_frames.FlacEnd, size: int) -> Layout:
    if not end.last or end.last == end.declared:
        return Layout(is_sized=bool(end.declared))
    held = end.last if end.is_whole else end.last_start
    total = flac_frames.total_bytes(data, end, held)
    parts = (SplicedFile(raw, patched(size, end.total_at, total)),)
    if not end.is_whole:
        lost_s = max(end.declared - held, 0) / end.rate_hz
        return Layout(parts=parts, damage="cut short in its last frame", lost_s=lost_s)
    notes = (f"its header declares {end.declared} samples, it holds {held}",)
    return Layout(parts=parts, notes=notes if end.declared else ())


def _mpeg_layout(raw: BinaryIO, data: bytes, first: int, size: int) -> Layout:
    if mpeg_frames.is_counted(data, first, size):
        return Layout()
    walked = mpeg_frames.walk(data, first, size)
    if not walked.frames:
        return Layout(is_sized=False)
    parts = [SplicedFile(raw, mpeg_frames.with_frame_count(data, s)) for s in walked.stretches]
    missing = sum(walked.counts) - walked.frames
    if walked.counts and missing > PAD_FRAMES:
        lost_s = missing * walked.seconds / walked.frames
        return Layout(parts=tuple(parts), damage="cut short", lost_s=lost_s)
    joined = len(walked.counts) > 1 or len(parts) > 1
    notes = ("several MP3s joined in one file",) if joined else ()
    if walked.counts and not joined and abs(missing) <= PAD_FRAMES:
        return Layout()  # its own header tells, also how many samples the encoder added
    return Layout(parts=tuple(parts), notes=notes)
