"""How a transcript is laid out in a file: subtitles, and the sound of a page."""

from dataclasses import dataclass

from seqstudio.contracts.audio import AudioSource
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """How the built-in exporters present a transcript.

    Parameters
    ----------
    line_length : characters in a line of a subtitle, at most
    least_s : a subtitle stays so long, unless the next one or the end of the recording comes first
    reading_speed : characters a second: a longer text stays longer, on the same condition
    sound : the recording, for a page that plays it
    """

    line_length: int = 42
    least_s: float = 1.0
    reading_speed: float = 20.0
    sound: AudioSource | None = None

    def __post_init__(self) -> None:
        if self.line_length < 1:
            raise ConfigError(f"line_length={self.line_length}, expected at least 1")
        if self.least_s < 0:
            raise ConfigError(f"least_s={self.least_s}, expected 0 or more")
        if self.reading_speed <= 0:
            raise ConfigError(f"reading_speed={self.reading_speed}, expected more than 0")
