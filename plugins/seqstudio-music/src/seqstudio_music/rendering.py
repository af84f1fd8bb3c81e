"""The operation `render`: scores as sound."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from seqstudio.api import Job, Request, Result
from seqstudio.api.media import (
    Score,
    Stem,
    describe_sound,
    encoded,
    render_sound,
    render_stems,
)

# the first that a zip file can hold: the same stems, the same bytes
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class Render:
    """Renders scores with a sound bank."""

    name = "render"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        """Yield the sound of a score and, if asked for, that of each of its parts.

        Raises
        ------
        DataError
            If the score cannot be read or is longer than an hour, or the bank cannot be used.
        """
        path, given = request.inputs["scores"][0], request.options["soundfont"]
        soundfont = Path(given) if given else None
        score = Score.read(path)
        for mend in score.mends:
            job.log(f"{path}: {mend}")
        audio = render_sound(score, soundfont)
        outputs: dict[str, object] = {"sound": audio}
        if request.options["stems"]:
            job.progress(0.5)
            outputs["stems"] = job.folder / "stems.zip"
            write_zip(job.folder / "stems.zip", render_stems(score, soundfont))
        bank = describe_sound(soundfont)
        yield Result(
            outputs=outputs,
            summary=f"{audio.duration_s:.1f} s played with {bank}",
            details={"duration_s": round(audio.duration_s, 3), "bank": bank},
        )


def write_zip(path: Path, stems: Sequence[Stem]) -> None:
    """Write stems as WAV files in a zip file; a sign that no file name can hold becomes `_`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for stem in stems:
            name = "".join("_" if sign in '/\\:*?"<>|' else sign for sign in stem.name)
            info = zipfile.ZipInfo(f"{name}.wav", ZIP_DATE)
            archive.writestr(info, encoded(stem.audio, "WAV"), zipfile.ZIP_DEFLATED)
