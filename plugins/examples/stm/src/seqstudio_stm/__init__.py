"""Transcripts of NIST (`.stm`) beside long recordings, as the TED-LIUM corpus has them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from seqstudio.api import AudioExample, Importer, Ledger, hookimpl, split_in
from seqstudio.api.media import AudioSource, find_audio, read_text_file


class Stm:
    """Lines of `FILE CHANNEL SPEAKER START END <LABELS> TEXT`, the times in seconds."""

    name = "stm"
    kind = "audio+transcript"

    def recognises(self, source: Path) -> bool:
        """Return whether there is such a file."""
        return any(source.rglob("*.stm"))

    def read(self, source: Path, ledger: Ledger) -> Iterator[AudioExample]:
        """Yield one example a line; refuse a line without times, or that is to be ignored."""
        for path in sorted(source.rglob("*.stm")):
            split = split_in(str(path.relative_to(source).parent))
            for number, line in enumerate(read_text_file(path).splitlines(), start=1):
                where = f"{path.relative_to(source)}:{number}"
                try:
                    name, _, voice, start, end, _, text = line.split(maxsplit=6)
                    start_s, end_s = float(start), float(end)
                except ValueError:
                    ledger.refuse(where, f"{line!r}, expected a recording, times and a text")
                    continue
                if "ignore_time_segment" in text:
                    ledger.refuse(where, f"{text!r}, expected speech")
                    continue
                ledger.use(where)
                part = AudioSource(find_audio(name, path.parent), start_s=start_s, end_s=end_s)
                yield AudioExample(id=where, split=split, group=voice, audio=part, transcript=text)


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Return the importers of this plugin."""
    return [Stm()]
