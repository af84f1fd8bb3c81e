"""The text of MIDI events, whose encoding no file names."""

# Shift-JIS and GB 2312 write most characters of a name in two bytes, Latin-1 in one.
KANA = range(0x3040, 0x3100)
CJK = range(0x4E00, 0xA000)
MIN_WIDE_SHARE = 0.5  # of the characters other than ASCII, to believe a two-byte encoding


def decode_text(text: bytes) -> str:
    """Decode a text event: UTF-8, else Shift-JIS or GB 2312 if it reads as such, else Latin-1.

    >>> decode_text("主旋律テスト".encode("shift_jis")), decode_text("Flöte".encode("latin-1"))
    ('主旋律テスト', 'Flöte')
    """
    try:
        return text.decode()
    except UnicodeDecodeError:
        pass
    japanese, chinese = _decoded(text, "shift_jis"), _decoded(text, "gb2312")
    if any(ord(letter) in KANA for letter in japanese):
        return japanese
    return chinese or japanese or text.decode("latin-1")


def _decoded(text: bytes, encoding: str) -> str:
    """Decode a two-byte encoding; "" if the bytes are not a plausible text of it."""
    try:
        decoded = text.decode(encoding)
    except UnicodeDecodeError:
        return ""
    foreign = [letter for letter in decoded if ord(letter) > 127]
    wide = [letter for letter in foreign if ord(letter) in KANA or ord(letter) in CJK]
    ascii_letters = sum(letter.isascii() and letter.isalpha() for letter in decoded)
    plausible = len(wide) >= MIN_WIDE_SHARE * len(foreign) and len(wide) > ascii_letters
    return decoded if plausible else ""
