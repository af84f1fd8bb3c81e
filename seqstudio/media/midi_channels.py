"""A file of type 0 as tracks: its one track holds all parts, which differ by channel."""

from seqstudio.media.midi import Score
from seqstudio.media.midi_events import (
    DRUM_CHANNEL,
    END_OF_TRACK,
    META,
    SYSEX,
    TRACK_NAME,
    Event,
    header_chunk,
)
from seqstudio.media.midi_track import Track


def split_channels(score: Score) -> Score:
    """Return a score of type 1 with a track for each channel; others are returned unchanged.

    What belongs to no channel, tempos and texts among it, stays in the first track.
    """
    channels = sorted({note.channel for note in score.notes})
    if len(score.tracks) != 1 or len(channels) < 2:
        return score
    events = score.tracks[0].events
    end = Event(max(event.tick for event in events), META, b"", END_OF_TRACK)
    common = [event for event in events if event.status >= SYSEX and event.meta != END_OF_TRACK]
    tracks = [Track.of([*common, end])]
    for channel in channels:
        own = [event for event in events if event.status < SYSEX and event.channel == channel]
        name = "Drums" if channel == DRUM_CHANNEL else f"Channel {channel + 1}"
        title = Event(0, META, name.encode(), TRACK_NAME)
        tracks.append(Track.of([title, *own, end]))
    return Score(header_chunk(len(tracks), score.ticks_per_beat), tuple(tracks), mends=score.mends)
