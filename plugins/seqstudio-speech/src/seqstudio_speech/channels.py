"""Recordings with a speaker on each channel, such as calls: each channel is heard alone."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from seqstudio.api import Pieces, Transcript
from seqstudio.api.media import AudioSource
from seqstudio_speech.kept import Heard


class Hears(Protocol):
    """A recogniser of ours or from outside."""

    def heard(
        self,
        path: AudioSource,
        on_progress: Callable[[float], None],
        pieces: Pieces | None,
    ) -> Iterator[Heard]:
        """Yield what was heard of a recording now and then, and the whole at the end."""


@dataclass(frozen=True, slots=True)
class ChannelPieces:
    """The finished pieces of one channel, kept among those of the recording."""

    pieces: Pieces
    channel: int

    @property
    def kept(self) -> Sequence[Any]:
        """The values that earlier runs kept of this channel, in order."""
        return [one["piece"] for one in self.pieces.kept if one["channel"] == self.channel]

    def keep(self, value: Any) -> None:
        """Store a JSON value."""
        self.pieces.keep({"channel": self.channel, "piece": value})


def heard_by_channel(
    recogniser: Hears,
    source: AudioSource,
    channels: int,
    on_progress: Callable[[float], None],
    pieces: Pieces,
) -> Iterator[Heard]:
    """Transcribe channel after channel; the speaker of each is named after it.

    Parameters
    ----------
    recogniser : hears each channel
    source : the recording
    channels : how many it has
    on_progress : called with the seconds done, as if the channels were read side by side
    pieces : what an earlier run finished, and where this one keeps what it finishes

    Raises
    ------
    DataError, Cancelled
        As the `heard` of the recogniser.
    """
    done: list[Transcript] = []
    for channel in range(1, channels + 1):
        before = sum(one.duration_s for one in done)

        def progress(seconds: float, before: float = before) -> None:
            on_progress((before + seconds) / channels)

        one_channel = dataclasses.replace(source, channel=channel)
        for heard in recogniser.heard(one_channel, progress, ChannelPieces(pieces, channel)):
            if heard.is_whole:
                done.append(heard.transcript)
            else:
                yield Heard(together([*done, heard.transcript]), is_whole=False)
    yield Heard(together(done), is_whole=True)


def together(channels: Sequence[Transcript]) -> Transcript:
    """Return the transcript of a recording, of those of its first channels, at least one."""
    segments = sorted(
        (
            dataclasses.replace(segment, speaker=f"channel {number}", channel=number)
            for number, one in enumerate(channels, start=1)
            for segment in one.segments
        ),
        key=lambda segment: segment.start_s,
    )
    known = [one.unlike_training for one in channels if one.unlike_training is not None]
    return dataclasses.replace(
        channels[0],
        text=" ".join(segment.text for segment in segments),
        language=next((one.language for one in channels if one.language), None),
        unlike_training=any(known) if known else None,
        notes=tuple(
            f"channel {number}: {note}"
            for number, one in enumerate(channels, start=1)
            for note in one.notes
        ),
        segments=tuple(segments),
        alternatives=(),
    )
