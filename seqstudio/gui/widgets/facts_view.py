"""Shows groups of facts as headings and aligned lines whose text can be selected."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from seqstudio.gui.widgets.facts import FactGroup
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.metrics import HAIR, MEDIUM, NONE, SMALL, TIGHT

LABEL_PIXELS = 132


class FactsView(QScrollArea):
    """Shows groups below each other; scrolls if they do not fit."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.groups: tuple[FactGroup, ...] = ()

    def show_groups(self, groups: Iterable[FactGroup]) -> None:
        """Show these groups, without those that have no facts."""
        filled = tuple(group for group in groups if group.facts)
        if filled == self.groups:
            return
        self.groups = filled
        body = QWidget()
        # take the height of the lines at their actual width, not at their minimum width
        body.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        grid = QGridLayout(body)
        grid.setContentsMargins(NONE, NONE, MEDIUM, SMALL)
        grid.setHorizontalSpacing(MEDIUM)
        grid.setVerticalSpacing(TIGHT)
        grid.setColumnMinimumWidth(0, LABEL_PIXELS)
        grid.setColumnStretch(1, 1)
        row = 0
        for group in self.groups:
            heading = self._heading(group.title, first=row == 0)
            grid.addWidget(heading, row, 0, 1, 2)
            for fact in group.facts:
                row += 1
                self._add(grid, row, fact.label, fact.text)
            row += 1
        grid.setRowStretch(row, 1)
        self.setWidget(body)
        self.setAccessibleDescription(
            ". ".join(f"{f.label} {f.text}".strip() for g in self.groups for f in g.facts)
        )

    def _heading(self, title: str, *, first: bool) -> QLabel:
        heading = Label(title)
        font = QFont(heading.font())
        font.setBold(True)
        heading.setFont(font)
        heading.setContentsMargins(NONE, NONE if first else MEDIUM, NONE, HAIR)
        return heading

    def _add(self, grid: QGridLayout, row: int, label: str, text: str) -> None:
        value = Label(text)
        value.setWordWrap(True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        value.setSizePolicy(policy)
        value.setAccessibleName(f"{label}: {text}" if label else text)
        if not label:
            grid.addWidget(value, row, 0, 1, 2)
            return
        name = Label(label)
        name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        name.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        grid.addWidget(name, row, 0)
        grid.addWidget(value, row, 1)
