"""The command *Learn from corrections*, and its way to the page that shows the training."""

from functools import partial

from PySide6.QtWidgets import QWidget

from seqstudio.gui.shell.pages import JobPage
from seqstudio.gui.shell.window_commands import AppWindow
from seqstudio.gui.workspace.commands import Command


def add_learn_command(window: AppWindow) -> None:
    """Add the command; it is ready where the session has a recording."""
    help = "Train a model further on the transcripts that you corrected"
    window.commands.add(
        Command("session.learn", "Learn from corrections…", "Session", "Ctrl+Alt+Shift+L", help),
        partial(_ask, window),
        ready=lambda: any(clip.kind == "audio" for clip in window.workspace.document.clips),
    )


def _ask(window: AppWindow) -> None:
    # not before it is asked for: the window opens sooner
    from seqstudio.gui.train.learn import LearnModel
    from seqstudio.gui.train.learn_view import LearnDialog

    assert isinstance(window, QWidget)
    model = LearnModel(window.workspace)
    model.started.connect(partial(_show, window))
    LearnDialog(model, window).open()


def _show(window: AppWindow, job: int) -> None:
    page = window.show_page("train")
    assert isinstance(page, JobPage)
    page.watch(job)
