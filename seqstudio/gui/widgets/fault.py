"""What is wrong with a field, below it."""

from PySide6.QtWidgets import QLabel

from seqstudio.gui.widgets.theme import colours_of


class Fault(QLabel):
    """One sentence under a field; hidden while there is nothing wrong."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setAccessibleName(f"What is wrong with {field}")
        self.hide()

    def tell(self, text: str) -> None:
        """Show a sentence, or nothing."""
        colour = colours_of(self.palette()).trouble.name()
        self.setStyleSheet(f"color: {colour}")
        self.setText(f"⚠ {text}" if text else "")
        self.setVisible(bool(text))
