"""`seqstudio plugins pack`, and the packs on a shelf."""

from pathlib import Path

import click

from seqstudio.cli.output import echo, table
from seqstudio.host.profile import Profile
from seqstudio.host.text_format import one_line

shelf_option = click.option(
    "--shelf",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="A folder of packs with an index.",
)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the pack; the current one if not given.",
)
@shelf_option
def pack(source: Path, out: Path | None, shelf: Path | None) -> None:
    """Make one file of a plugin: its wheels, hashes, licences and a report of the checks.

    SOURCE is a project, a wheel or a folder of wheels. The conformance checks run first, as in
    `plugins verify`; nothing is packed if one fails. `plugins install` takes the file, offline.
    With --shelf it is put on a shelf, and listed in its index.
    """
    from seqstudio.host.conformance import isolated as conformance
    from seqstudio.host.store.pack_reader import ReportLine
    from seqstudio.host.store.pack_writer import write_pack
    from seqstudio.host.store.shelf import add_to_shelf
    from seqstudio.host.store.store import Store

    folder = shelf or out or Path()
    inspected = Store(Profile()).inspect(source)
    report = []
    for check in conformance.verify(str(source)):
        echo(one_line(f"{check.outcome}  {check.name}: {check.detail}".removesuffix(": ")))
        report.append(ReportLine(name=check.name, outcome=check.outcome, detail=check.detail))
    path = write_pack(inspected, report, folder)
    if shelf:
        add_to_shelf(path, shelf)
    echo(f"{path}: {inspected.sheet.title} {inspected.sheet.version}")


def shelf_table(folder: Path) -> str:
    """Return the packs on a shelf as a table."""
    from seqstudio.host.store.shelf import read_shelf

    rows = [
        (one.id, one.version, one.title, one.licence, ", ".join(one.permissions) or "-", one.checks)
        for one in read_shelf(folder).packs
    ]
    head = ("plugin", "version", "title", "licence", "asks for", "checks where it was packed")
    return table(head, rows) if rows else f"{folder}: no packs."
