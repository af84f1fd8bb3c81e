"""The settings of a new run: fields from the manifest, or else rows of name and value."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from seqstudio.gui.operations.form_view import OptionForm
from seqstudio.gui.train.new_run import NewRun
from seqstudio.gui.train.settings import Section
from seqstudio.gui.widgets.field_error import FieldError
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import SMALL


class SettingsView(QWidget):
    """Shows the sections of a `NewRun`'s settings, the first open, the others collapsed."""

    def __init__(self, form: NewRun) -> None:
        super().__init__()
        self._form = form
        self.sections: tuple[SectionView, ...] = ()
        self.rows = SettingRows(form)
        self._column = column(self, spacing=SMALL)
        self._column.addWidget(self.rows)
        form.settings.rebuilt.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Rebuild the sections."""
        for old in self.sections:
            old.hide()
            old.deleteLater()
        sections = self._form.settings.sections
        labels = [field.label for section in sections for field in section.form.fields]
        width = max(map(self.fontMetrics().horizontalAdvance, labels), default=0)
        self.sections = tuple(SectionView(section, width) for section in sections)
        for at, section in enumerate(self.sections):
            self._column.insertWidget(at, section)
        choice = self._form.choice
        self.rows.setVisible(choice is not None and choice.entry.options is None)

    def field(self, name: str) -> QWidget | None:
        """Return the field of a setting; None if its section has never been open."""
        forms = [section.form for section in self.sections if section.form]
        return next((form.widgets[name] for form in forms if name in form.widgets), None)


class SectionView(QWidget):
    """A form below a title that opens it; it opens by itself to show an error."""

    def __init__(self, section: Section, width: int) -> None:
        super().__init__()
        self._section, self._width = section, width
        self.form: OptionForm | None = None  # made when the section is first opened
        self.title = QToolButton(self)
        self.title.setCheckable(True)
        self.title.setAutoRaise(True)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setVisible(bool(section.title))
        self.title.setChecked(not section.title)
        self._column = column(self, spacing=SMALL)
        self._column.addWidget(self.title)
        self.title.toggled.connect(self._refresh)
        section.form.changed.connect(self._on_changed)
        self._on_changed()

    def _on_changed(self) -> None:
        changed = len(self._section.form.values())
        self.title.setText(self._section.title + (f" ({changed} changed)" if changed else ""))
        self.title.setChecked(self.title.isChecked() or bool(self._section.form.errors))
        self._refresh()

    def _refresh(self) -> None:
        is_open = self.title.isChecked()
        self.title.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        if is_open and self.form is None:
            self.form = self._make_form()
            self._column.addWidget(self.form)
        if self.form:
            self.form.setVisible(is_open)

    def _make_form(self) -> OptionForm:
        """Return the form with aligned fields; drops on a field go to the whole page."""
        form = OptionForm(self._section.form)
        for label in form.findChildren(QLabel):
            if label.buddy():
                label.setMinimumWidth(self._width)
        for line in form.findChildren(QLineEdit):
            line.setAcceptDrops(False)
        return form


class SettingRow(QWidget):
    """One name and its value, with the error below."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.value, self.error = QLineEdit(), QLineEdit(), FieldError("the setting")
        self.remove = QPushButton("Remove")
        self.name.setAccessibleName("Name of a setting")
        self.name.setPlaceholderText("name, such as hidden")
        self.value.setAccessibleName("Value of the setting")
        self.value.setPlaceholderText("value")
        line = row()
        for widget, stretch in ((self.name, 3), (self.value, 2), (self.remove, 0)):
            line.addWidget(widget, stretch)
        layout = column(self, spacing=SMALL)
        layout.addLayout(line)
        layout.addWidget(self.error)


class SettingRows(QWidget):
    """Rows for a task whose settings are not in its manifest."""

    def __init__(self, form: NewRun) -> None:
        super().__init__()
        self._form = form
        self.all: list[SettingRow] = []
        self._column = column(self, spacing=SMALL)
        self.add = QPushButton("Add setting")
        self.add.setToolTip("Add a setting of this task by name and value, as with --set.")
        self.add.clicked.connect(lambda _checked=False: self.add_row())
        self._column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        form.errors_changed.connect(self.refresh_errors)
        form.settings.rebuilt.connect(self._clear)

    def add_row(self) -> None:
        """Add an empty row."""
        added = SettingRow()
        self.all.append(added)
        added.name.textEdited.connect(self._on_edited)
        added.value.textEdited.connect(self._on_edited)
        added.remove.clicked.connect(lambda _checked=False: self._remove(added))
        self._column.insertWidget(self._column.count() - 1, added)
        added.name.setFocus()

    def refresh_errors(self) -> None:
        """Show each error below its row."""
        for setting in self.all:
            name = setting.name.text().strip()
            setting.error.show_message(self._form.errors.get(f"set.{name}", ""))

    def _clear(self) -> None:
        """Remove the rows of the previous task."""
        if not self._form.request.settings:
            while self.all:
                self.all.pop().deleteLater()

    def _remove(self, removed: SettingRow) -> None:
        self.all.remove(removed)
        removed.deleteLater()
        self._on_edited()

    def _on_edited(self) -> None:
        settings = tuple((one.name.text(), one.value.text()) for one in self.all)
        self._form.set(settings=tuple(pair for pair in settings if any(pair)))
