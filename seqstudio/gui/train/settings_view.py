"""The settings of a new run: fields where they are described, else rows of name and value."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.operations.form_view import OptionForm
from seqstudio.gui.train.form import NewRun
from seqstudio.gui.train.settings import Section
from seqstudio.gui.widgets.fault import Fault


class SettingsView(QWidget):
    """Shows the sections of a `NewRun`'s settings, the first open, the others folded."""

    def __init__(self, form: NewRun) -> None:
        super().__init__()
        self._form = form
        self.sections: tuple[SectionView, ...] = ()
        self.rows = SettingRows(form)
        self._column = _column(self)
        self._column.addWidget(self.rows)
        form.settings.renewed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Draw the sections anew."""
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

    def place(self, name: str) -> QWidget | None:
        """Give the field of a setting, where it is drawn."""
        forms = [section.form for section in self.sections if section.form]
        return next((form.widgets[name] for form in forms if name in form.widgets), None)


class SectionView(QWidget):
    """A form below a title that opens it; it opens by itself to show what is wrong."""

    def __init__(self, section: Section, width: int) -> None:
        super().__init__()
        self._section, self._width = section, width
        self.form: OptionForm | None = None  # drawn when it is first open
        self.title = QToolButton(self)
        self.title.setCheckable(True)
        self.title.setAutoRaise(True)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setVisible(bool(section.title))
        self.title.setChecked(not section.title)
        self._column = _column(self)
        self._column.addWidget(self.title)
        self.title.toggled.connect(self._draw)
        section.form.changed.connect(self._filled)
        self._filled()

    def _filled(self) -> None:
        changed = len(self._section.form.values())
        self.title.setText(self._section.title + (f" ({changed} changed)" if changed else ""))
        self.title.setChecked(self.title.isChecked() or bool(self._section.form.faults))
        self._draw()

    def _draw(self) -> None:
        opened = self.title.isChecked()
        self.title.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        if opened and self.form is None:
            self.form = self._made()
            self._column.addWidget(self.form)
        if self.form:
            self.form.setVisible(opened)

    def _made(self) -> OptionForm:
        """Draw the fields: all begin at one place, and leave what is dropped to the whole form."""
        form = OptionForm(self._section.form)
        for label in form.findChildren(QLabel):
            if label.buddy():
                label.setMinimumWidth(self._width)
        for line in form.findChildren(QLineEdit):
            line.setAcceptDrops(False)
        return form


class SettingRow(QWidget):
    """One name and its value, with what is wrong below."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.value, self.fault = QLineEdit(), QLineEdit(), Fault("the setting")
        self.remove = QPushButton("Remove")
        self.name.setAccessibleName("Name of a setting")
        self.name.setPlaceholderText("name, such as hidden")
        self.value.setAccessibleName("Value of the setting")
        self.value.setPlaceholderText("value")
        line = QHBoxLayout()
        for widget, stretch in ((self.name, 3), (self.value, 2), (self.remove, 0)):
            line.addWidget(widget, stretch)
        whole = _column(self)
        whole.addLayout(line)
        whole.addWidget(self.fault)


class SettingRows(QWidget):
    """Rows for a task whose settings only its code knows."""

    def __init__(self, form: NewRun) -> None:
        super().__init__()
        self._form = form
        self.all: list[SettingRow] = []
        self._column = _column(self)
        self.add = QPushButton("Add a setting of the task")
        self.add.setToolTip("Name a setting that this task has, and its value, as --set does.")
        self.add.clicked.connect(lambda _checked=False: self.add_row())
        self._column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        form.faults_changed.connect(self.draw_faults)
        form.settings.renewed.connect(self._clear)

    def add_row(self) -> None:
        """Offer a row for one more setting."""
        row = SettingRow()
        self.all.append(row)
        row.name.textEdited.connect(self._tell)
        row.value.textEdited.connect(self._tell)
        row.remove.clicked.connect(lambda _checked=False: self._remove(row))
        self._column.insertWidget(self._column.count() - 1, row)
        row.name.setFocus()

    def draw_faults(self) -> None:
        """Show what is wrong under the row that it is about."""
        for row in self.all:
            row.fault.tell(self._form.faults.get(f"set.{row.name.text().strip()}", ""))

    def _clear(self) -> None:
        """Forget the rows that were of another task."""
        if not self._form.request.settings:
            while self.all:
                self.all.pop().deleteLater()

    def _remove(self, row: SettingRow) -> None:
        self.all.remove(row)
        row.deleteLater()
        self._tell()

    def _tell(self) -> None:
        settings = tuple((row.name.text(), row.value.text()) for row in self.all)
        self._form.set(settings=tuple(one for one in settings if any(one)))


def _column(parent: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(parent)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    return column
