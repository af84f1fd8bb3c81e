"""Labels and tooltips that show text as it is: names of files and plugins are never HTML."""

import html
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


class Label(QLabel):
    """A `QLabel` of plain text, whose arguments it takes; Qt's own guesses whether text is HTML."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.setTextFormat(Qt.TextFormat.PlainText)


def plain_tooltip(text: str) -> str:
    """Return what shows `text` as it is in a tooltip, which has no setting for plain text."""
    return f"<qt>{html.escape(text)}</qt>" if "<" in text else text
