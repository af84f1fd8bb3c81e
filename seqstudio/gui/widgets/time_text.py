"""Times as text, as precise as the ruler that shows them."""


def format_time(second: float, step: float = 1.0) -> str:
    """Format a time with the precision of a ruler that has a mark every `step` seconds.

    >>> format_time(75), format_time(3675.5, 0.1), format_time(0.0125, 0.0005)
    ('1:15', '1:01:15.5', '0:00.013')
    """
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
    minutes, seconds = divmod(round(second, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    width = 2 + (digits + 1 if digits else 0)
    tail = f"{seconds:0{width}.{digits}f}"
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"
