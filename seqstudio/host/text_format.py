"""Sizes, times and the words of others as people read them, for every front end."""

import re

UNREADABLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"


def readable(text: str) -> str:
    r"""Give a text that books and terminals take; what breaks or steers them is spelled out.

    >>> print(readable("a\udcff\x1b[2J b"))
    a\udcff\x1b[2J b
    """
    return re.sub(UNREADABLE, lambda sign: ascii(sign[0])[1:-1], text)


def size(n_bytes: float) -> str:
    """Say a size in the unit that fits.

    >>> size(830), size(1_250_000), size(6.1e9)
    ('830 B', '1.2 MB', '6.1 GB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def duration(seconds: float) -> str:
    """Say a time as people do.

    >>> duration(0.42), duration(75), duration(3725)
    ('0.4 s', '1 min 15 s', '1 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
