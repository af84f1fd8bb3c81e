"""Tags before, between and after the frames of compressed audio: ID3v1, ID3v2 and APE."""


def tag_end(data: bytes, at: int) -> int | None:
    """Return where a tag ends that begins at `at`; None if none does."""
    if data[at : at + 3] == b"ID3" and len(data) > at + 10:
        sizes = zip(data[at + 6 : at + 10], (21, 14, 7, 0), strict=True)
        return at + 10 + sum((part & 0x7F) << shift for part, shift in sizes)
    if data[at : at + 3] == b"TAG":
        return at + 128
    if data[at : at + 8] == b"APETAGEX":
        return at + 32 + int.from_bytes(data[at + 12 : at + 16], "little")
    return None
