"""A form for an operation's options: one row each, with its error below it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from seqstudio.gui.operations.form import Field, FormModel, from_text, to_text
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.fold import Fold
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import MEDIUM, NONE, SMALL, TIGHT

LINES = 3  # that a field for several values shows
LABEL_PIXELS = 84  # so that the fields of several forms are aligned


class NumberField(QAbstractSpinBox):
    """Edits a number, by typing, arrow keys or wheel; empty means the default."""

    def __init__(self, model: FormModel, field: Field) -> None:
        super().__init__()
        self._model, self._field = model, field
        self.lineEdit().setPlaceholderText(field.placeholder)
        self.lineEdit().textEdited.connect(lambda text: model.type_in(field.name, text))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the model's number, unless the typed text already reads as it."""
        value = self._model.values().get(self._field.name)
        if from_text(self._field.option, self.text()) != value:
            self.lineEdit().setText(to_text(value))

    def stepBy(self, steps: int) -> None:
        """Change the number by steps."""
        self._model.step(self._field.name, steps)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Allow steps both ways at all times."""
        both = QAbstractSpinBox.StepEnabledFlag
        return both.StepUpEnabled | both.StepDownEnabled

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Accept any text: the form shows an error below the field."""
        return QValidator.State.Acceptable, text, at

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Change the number if it has the focus; else let the form scroll."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class OptionForm(QWidget):
    """Shows and edits a `FormModel`."""

    def __init__(self, model: FormModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.widgets: dict[str, QWidget] = {}  # by option
        self.errors: dict[str, QLabel] = {}
        self._draw_fields: list[Callable[[], None]] = []
        whole = column(self, spacing=SMALL)
        usual = QWidget(self)
        whole.addWidget(usual)
        self._form = aligned_form(usual)
        self._forms: dict[str, QFormLayout] = {}  # by option
        for field in model.fields:
            if not field.advanced:
                self._add(field)
        if advanced := [field for field in model.fields if field.advanced]:
            whole.addWidget(self._folded(advanced))
        model.changed.connect(self._draw)  # a method: Qt disconnects it with this form
        self._draw()

    def _folded(self, fields: list[Field]) -> QWidget:
        """Return the options for experts, folded until one opens them or has set one."""
        body = QWidget(self)
        self._form = aligned_form(body)
        for field in fields:
            self._add(field)
        values = self.model.values()
        section = Fold("Advanced", body, self, opened=any(field.name in values for field in fields))
        self.advanced = section.button
        return section

    def _add(self, field: Field) -> None:
        build: dict[str, Callable[[Field], QWidget]] = {
            "number": lambda field: NumberField(self.model, field),
            "flag": self._flag,
            "choice": self._choice,
            "choices": self._choices,
            "path": self._path,
            "text": self._text,
            "lines": self._lines,
        }
        widget = self._suggested(field) if field.suggestions else build[field.editor](field)
        label = Label(field.label, self)
        label.setMinimumWidth(LABEL_PIXELS)
        for part in (widget, label):
            part.setToolTip(plain_tooltip(field.help))
        widget.setSizePolicy(QSizePolicy.Policy.Expanding, widget.sizePolicy().verticalPolicy())
        focused = widget.focusProxy() or widget
        focused.setAccessibleName(field.label)
        focused.setAccessibleDescription(field.help)
        label.setBuddy(focused)
        error = Label(self)
        error.setWordWrap(True)
        self.widgets[field.name], self.errors[field.name] = widget, error
        self._forms[field.name] = self._form
        self._form.addRow(label, widget)
        self._form.addRow(error)

    def _draw(self) -> None:
        """Show the model's values and errors."""
        for draw in self._draw_fields:
            draw()
        colour = colours_of(self.palette()).error.name()
        for name, label in self.errors.items():
            text = self.model.errors.get(name, "")
            label.setText(f"⚠ {text}" if text else "")
            label.setStyleSheet(f"color: {colour}")
            self._forms[name].setRowVisible(label, bool(text))

    def _flag(self, field: Field) -> QWidget:
        if field.option.default is None:
            return self._combo(field, [("yes", True), ("no", False)])
        box = QCheckBox(self)
        box.clicked.connect(lambda on: self._set(field, on))  # by the user, not by `draw`
        return self._redrawn(box, lambda: box.setChecked(bool(self.model.value(field.name))))

    def _choice(self, field: Field) -> QWidget:
        return self._combo(field, [(choice, choice) for choice in field.option.choices])

    def _combo(self, field: Field, choices: list[tuple[str, object]]) -> QWidget:
        box = QComboBox(self)
        if field.option.default is None:
            box.addItem(field.placeholder, None)
        for text, value in choices:
            box.addItem(text, value)
        box.activated.connect(lambda at: self._set(field, box.itemData(at)))

        def draw() -> None:
            box.setCurrentIndex(max(0, box.findData(self.model.value(field.name))))

        return self._redrawn(box, draw)

    def _suggested(self, field: Field) -> QWidget:
        """Return a list of usual values in which others can be typed."""
        box = QComboBox(self)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.addItems(["", *field.suggestions])
        line = QLineEdit(box)
        line.setPlaceholderText(field.placeholder or "any")
        line.setAccessibleName(field.label)
        box.setLineEdit(line)
        box.editTextChanged.connect(lambda text: self.model.type_in(field.name, text))

        def draw() -> None:
            value = self.model.values().get(field.name)
            if from_text(field.option, box.currentText()) != value:
                box.setEditText(to_text(value))

        return self._redrawn(box, draw)

    def _choices(self, field: Field) -> QWidget:
        box = QListWidget(self)
        for choice in field.option.choices:
            QListWidgetItem(choice, box).setCheckState(Qt.CheckState.Unchecked)
        items = [box.item(at) for at in range(box.count())]
        box.setMaximumHeight(box.sizeHintForRow(0) * min(len(items), LINES + 2) + 4)

        def store() -> None:
            checked = [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]
            if checked != (self.model.value(field.name) or []):
                self._set(field, checked)

        def draw() -> None:
            checked = self.model.value(field.name) or []
            box.blockSignals(True)
            for item in items:
                on = item.text() in checked
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            box.blockSignals(False)

        box.itemChanged.connect(store)
        return self._redrawn(box, draw)

    def _text(self, field: Field) -> QWidget:
        line = QLineEdit(self)
        line.setPlaceholderText(field.placeholder)
        line.textEdited.connect(lambda text: self.model.type_in(field.name, text))

        def draw() -> None:
            value = self.model.values().get(field.name)
            if from_text(field.option, line.text()) != value:
                line.setText(to_text(value))

        return self._redrawn(line, draw)

    def _lines(self, field: Field) -> QWidget:
        box = QPlainTextEdit(self)
        box.setPlaceholderText(field.placeholder)
        box.setTabChangesFocus(True)
        box.setMaximumHeight(box.fontMetrics().lineSpacing() * LINES + 12)
        box.textChanged.connect(lambda: self.model.type_in(field.name, box.toPlainText()))

        def draw() -> None:
            value = self.model.values().get(field.name)
            if from_text(field.option, box.toPlainText()) != value:
                box.setPlainText(to_text(value))

        self._redrawn(box, draw)
        return self._with_chooser(box, box.appendPlainText) if field.option.type == "path" else box

    def _path(self, field: Field) -> QWidget:
        line = self._text(field)
        return self._with_chooser(line, lambda path: self._set(field, path))

    def _with_chooser(self, field: QWidget, chosen: Callable[[str], None]) -> QWidget:
        """Put a button beside a field that opens a file or folder dialog."""
        container = QWidget(self)
        container.setFocusProxy(field)
        button = QToolButton(container)
        button.setText("…")
        button.setToolTip("Choose a file or a folder")
        button.setAccessibleName("Choose a file or a folder")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addAction("File…", lambda: _pass_on(QFileDialog.getOpenFileName(self)[0], chosen))
        menu.addAction("Folder…", lambda: _pass_on(QFileDialog.getExistingDirectory(self), chosen))
        button.setMenu(menu)
        layout = row(container, spacing=TIGHT)
        layout.addWidget(field, 1)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return container

    def _set(self, field: Field, value: object) -> None:
        self.model.set(field.name, value)

    def _redrawn(self, widget: QWidget, draw: Callable[[], None]) -> QWidget:
        """Call `draw` whenever the form is drawn; return the widget."""
        self._draw_fields.append(draw)
        return widget


def aligned_form(parent: QWidget) -> QFormLayout:
    """Return a form layout on a widget, with the spacing that all forms here share."""
    form = QFormLayout(parent)
    form.setContentsMargins(NONE, NONE, NONE, NONE)
    form.setHorizontalSpacing(MEDIUM)
    form.setVerticalSpacing(SMALL)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form


def _pass_on(path: str, chosen: Callable[[str], None]) -> None:
    """Call `chosen` with a path, unless the dialog was cancelled."""
    if path:
        chosen(path)
