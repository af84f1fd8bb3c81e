"""Format sizes, durations and untrusted text for display in any front end."""

import re

# Control characters but tab and the end of a line, parts of a broken character, and what changes
# the direction of the text around it (Unicode Standard Annex 9, section 2).
UNPRINTABLE = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]|\r(?!\n)"
)


def printable(text: str) -> str:
    r"""Return a text that is safe to store and to print: control characters are escaped.

    >>> print(printable("a\udcff\x1b[2J b\rc \u202egpj.exe"))
    a\udcff\x1b[2J b\rc \u202egpj.exe
    """
    return re.sub(UNPRINTABLE, lambda match: ascii(match[0])[1:-1], text)


def one_line(text: str) -> str:
    r"""Return a text that is safe to print and stays on one line, such as a file's name.

    >>> print(one_line("notes\nseqstudio 1.0\t\x1b"))
    notes\nseqstudio 1.0\t\x1b
    """
    return re.sub("[\t\r\n]", lambda match: ascii(match[0])[1:-1], printable(text))


def format_size(n_bytes: float) -> str:
    """Format a size in the largest unit that fits.

    >>> format_size(830), format_size(1_250_000), format_size(6.1e9)
    ('830 B', '1.2 MB', '6.1 GB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def format_duration(seconds: float) -> str:
    """Format a duration in one or two units.

    >>> format_duration(0.42), format_duration(75), format_duration(3725)
    ('0.4 s', '1 min 15 s', '1 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def count_text(number: int, what: str) -> str:
    """Return a number with its noun in the singular or plural.

    >>> count_text(1, "bar"), count_text(1200, "note")
    ('1 bar', '1,200 notes')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")
