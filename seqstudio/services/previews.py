"""Writes what a half-trained model does: text to read, files to hear."""

from collections.abc import Sequence
from pathlib import Path

from seqstudio.contracts.formats import Exporter
from seqstudio.contracts.task import Previewed
from seqstudio.services.atomic_files import write_durably


def write_preview(
    folder: Path, shown: Previewed, exporters: Sequence[Exporter], run: Path
) -> tuple[str, ...]:
    """Write a preview's text and outputs into `folder`; give their paths inside the run.

    An output is written in every format whose kind is the output's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "preview.txt"]
    write_durably(paths[0], shown.text.encode())
    for name, value in shown.outputs.items():
        for exporter in exporters:
            if exporter.kind == name:
                paths.append(folder / f"{name}.{exporter.name}")
                exporter.write(value, paths[-1])
    return tuple(path.relative_to(run).as_posix() for path in paths)
