"""The session as a script: written on a thread, with a sentence about what is in it."""

from collections.abc import Callable
from pathlib import Path

from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.text_format import count_text
from seqstudio.session.document import Document
from seqstudio.session.macro import Macro, macro_of


def has_results(document: Document) -> bool:
    """Whether a session has results that an operation made."""
    made = (one.provenance for one in document.takes)
    heard = (one.transcript.provenance for one in document.clips if one.transcript)
    return any("operation" in record for record in (*made, *heard))


def export_script(workspace: Workspace, folder: Path, done: Callable[[str], object]) -> None:
    """Write the script and the files that it needs; then call `done` with what it makes."""
    document, studio = workspace.document, workspace.studio
    title = document.title or workspace.session.path.stem

    def work() -> str:
        macro = macro_of(document, studio)
        return summary(macro, macro.write(folder, title))

    workspace.background.run(work, done, workspace.failed.emit)


def summary(macro: Macro, script: Path) -> str:
    """Say what a script makes and what it leaves out."""
    results = count_text(len(macro.results), "result")
    text = f"{script} makes {results} again, with {count_text(len(macro.commands), 'command')}."
    return "\n".join((text, *(f"Left out: {reason}" for reason in macro.left_out)))
