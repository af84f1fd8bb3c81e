"""The question before the files of a session are collected, and what to do about missing ones."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from seqstudio.gui.shell.missing_files import MissingFiles
from seqstudio.gui.widgets.action_button import make_primary
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import DIALOG, LARGE, SMALL, styled

TOGETHER = "A session finds the files below its folder again wherever the folder is moved."


class CollectDialog(QDialog):
    """Asks where to; collects beside the session, or in a folder that is asked for.

    Parameters
    ----------
    missing : which files there are
    ask_name : asks for a name and a folder of an untitled session; returns whether it has one now
    ask_folder : asks for another folder; None if the user changes their mind
    find : looks for the missing files
    """

    def __init__(
        self,
        missing: MissingFiles,
        *,
        ask_name: Callable[[], bool],
        ask_folder: Callable[[], Path | None],
        find: Callable[[], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._missing, self._ask_name, self._ask_folder = missing, ask_name, ask_folder
        self._find = find
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Collect files")
        self.setMinimumWidth(DIALOG[0])
        self.question = Label(missing.collect_question, self, wordWrap=True)
        self.question.setFont(styled(self.question.font(), "strong"))
        self.left_out = Label(missing.left_out, self, wordWrap=True)
        self.left_out.setVisible(bool(missing.left_out))
        layout = column(self, margins=LARGE, spacing=SMALL)
        for label in (self.question, self.left_out, Label(TOGETHER, self, wordWrap=True)):
            layout.addWidget(label)
        layout.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        box, roles = QDialogButtonBox(self), QDialogButtonBox.ButtonRole
        named = self._missing.beside is not None
        self.collect = box.addButton("Collect" if named else "Save as…", roles.AcceptRole)
        self.other = box.addButton("Other folder…", roles.ActionRole)
        self.find_button = box.addButton("Find…", roles.ActionRole)
        self.find_button.setVisible(bool(self._missing.left_out))
        box.addButton(QDialogButtonBox.StandardButton.Cancel)
        make_primary(self.collect)
        box.accepted.connect(self._collect)
        box.rejected.connect(self.reject)
        self.other.clicked.connect(self._collect_elsewhere)
        self.find_button.clicked.connect(self._find_first)
        return box

    def _collect(self) -> None:
        """Collect beside the session; one without a name gets one first."""
        self.accept()
        if (self._missing.beside or self._ask_name()) and (folder := self._missing.beside):
            self._missing.collect(folder)

    def _collect_elsewhere(self) -> None:
        self.accept()
        if folder := self._ask_folder():
            self._missing.collect(folder)

    def _find_first(self) -> None:
        self.reject()
        self._find()
