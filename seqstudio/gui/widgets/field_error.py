"""The error message below a form field."""

from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.label import Label


class FieldError(Label):
    """One sentence below a field; hidden while the field is valid."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setAccessibleName(f"Error in {field}")
        self.hide()

    def show_message(self, text: str) -> None:
        """Show a sentence, or hide the label if `text` is empty."""
        colour = colours_of(self.palette()).error.name()
        self.setStyleSheet(f"color: {colour}")
        self.setText(f"⚠ {text}" if text else "")
        self.setVisible(bool(text))
