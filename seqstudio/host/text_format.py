"""Format sizes, durations and untrusted text for display in any front end."""

import re

UNPRINTABLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"


def printable(text: str) -> str:
    r"""Return a text that is safe to store and to print: control characters are escaped.

    >>> print(printable("a\udcff\x1b[2J b"))
    a\udcff\x1b[2J b
    """
    return re.sub(UNPRINTABLE, lambda match: ascii(match[0])[1:-1], text)


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
