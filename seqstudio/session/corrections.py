"""What people have corrected in a session, as data for `seqstudio PLUGIN learn`."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.contracts.data import Example
from seqstudio.contracts.transcript import Segment
from seqstudio.errors import SessionError
from seqstudio.media.subtitles import to_json
from seqstudio.media.word_times import segments_of
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.services.datasets import keep_apart
from seqstudio.services.learning import LEAST
from seqstudio.session.document import Clip, Document

KIND = "audio+transcript"  # of data, as importers and tasks name it
SHARE = 0.2  # of the recordings, or of the segments of fewer than three, that is held out
ENOUGH = 8  # segments of one recording of which `LEAST` are held out


@dataclass(frozen=True, slots=True)
class Corrected:
    """A recording whose transcript a person has written or corrected."""

    clip: Clip
    file: str  # its name in the data set, without suffix
    segments: tuple[Segment, ...]  # those with text

    @property
    def by_hand(self) -> int:
        """How many segments a person has changed; all of them are learned from."""
        return sum(segment.origin == "human" for segment in self.segments)

    @property
    def seconds(self) -> float:
        """How long is spoken."""
        return sum(segment.end_s - segment.start_s for segment in self.segments)

    @property
    def group(self) -> str:
        """What is held out as a whole: the one speaker, else the recording."""
        speakers = {segment.speaker or "" for segment in self.segments}
        return (speakers.pop() if len(speakers) == 1 else "") or self.file


def corrected(document: Document) -> tuple[Corrected, ...]:
    """Return the recordings with corrected transcripts, in the order of the session."""
    found: list[Corrected] = []
    for clip in document.clips:
        if clip.kind != "audio" or clip.transcript is None:
            continue
        segments = tuple(one for one in segments_of(clip.transcript) if one.text.strip())
        by_hand = clip.transcript.origin == "human" or any(o.origin == "human" for o in segments)
        if segments and by_hand:
            taken = any(one.file == clip.path.stem for one in found)
            file = f"{clip.path.stem}-{clip.id}" if taken else clip.path.stem
            found.append(Corrected(clip, file, segments))
    return tuple(found)


def too_few(chosen: Sequence[Corrected]) -> str:
    """Return what is missing before a model can learn from recordings; "" if it can."""
    if not chosen:
        return "Correct the transcript of a recording first: what you correct is learned."
    segments = sum(len(one.segments) for one in chosen)
    examples = [
        Example(id=f"{one.file}:{number}", group=one.group)
        for one in chosen
        for number in range(len(one.segments))
    ]
    _, apart, rule = keep_apart(examples, SHARE)
    if len(apart) >= LEAST:
        return ""
    if "groups" in rule:
        return f"{apart[0].group} would be held out to judge by, and is 1 segment: correct more."
    return (
        f"{segments} corrected segment{'s' * (segments != 1)}, expected at least {ENOUGH}: "
        "some are held out to judge what was learned."
    )


def write_corrections(chosen: Sequence[Corrected], folder: Path) -> None:
    """Write a data set: each recording, as a link where links can be made, and its transcript.

    Raises
    ------
    SessionError
        If a recording is not where it was, or the folder cannot be written.
    """
    with os_errors_as(SessionError, folder):
        folder.mkdir(parents=True)
        for one in chosen:
            if not one.clip.path.is_file():
                raise SessionError(f"{one.clip.path}: not there, expected the recording")
            _link(one.clip.path, folder / f"{one.file}{one.clip.path.suffix}")
            assert one.clip.transcript is not None
            whole = replace(one.clip.transcript, segments=one.segments, origin="human")
            (folder / f"{one.file}.json").write_text(to_json(whole), encoding="utf-8")


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:  # a file system without links, or a user without the right
        shutil.copy(source, target)
