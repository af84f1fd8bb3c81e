"""A form drawn from an operation's options: one line each, with its fault below it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
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
from seqstudio.gui.widgets.theme import colours_of

LINES = 3  # that a field for several shows
LABEL_PIXELS = 84  # so that the fields of several forms stand below each other


class NumberField(QAbstractSpinBox):
    """A number, typed or moved by arrow keys and wheel; empty stands for its default."""

    def __init__(self, model: FormModel, field: Field) -> None:
        super().__init__()
        self._model, self._field = model, field
        self.lineEdit().setPlaceholderText(field.empty)
        self.lineEdit().textEdited.connect(lambda text: model.type_in(field.name, text))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model.changed.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Show the model's number; what the person types stays as it is typed."""
        given = self._model.values().get(self._field.name)
        if from_text(self._field.option, self.text()) != given:
            self.lineEdit().setText(to_text(given))

    def stepBy(self, steps: int) -> None:
        """Move the number."""
        self._model.step(self._field.name, steps)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Say that it can always be moved."""
        both = QAbstractSpinBox.StepEnabledFlag
        return both.StepUpEnabled | both.StepDownEnabled

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Take any text: what is wrong with it is said below the field."""
        return QValidator.State.Acceptable, text, at

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move the number only once the person has gone to it; else the form scrolls."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class OptionForm(QWidget):
    """Shows a `FormModel` and fills it in."""

    def __init__(self, model: FormModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.widgets: dict[str, QWidget] = {}  # by option
        self.faults: dict[str, QLabel] = {}
        self._draws: list[Callable[[], None]] = []  # a field each
        self._form = aligned_form(self)
        for field in model.fields:
            self._add(field)
        model.changed.connect(self._draw)  # a method: it is let go of with this form
        self._draw()

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
        widget = build[field.shape](field)
        label = QLabel(field.label, self)
        label.setMinimumWidth(LABEL_PIXELS)
        for one in (widget, label):
            one.setToolTip(field.help)
        widget.setSizePolicy(QSizePolicy.Policy.Expanding, widget.sizePolicy().verticalPolicy())
        focused = widget.focusProxy() or widget
        focused.setAccessibleName(field.label)
        focused.setAccessibleDescription(field.help)
        label.setBuddy(focused)
        fault = QLabel(self)
        fault.setWordWrap(True)
        self.widgets[field.name], self.faults[field.name] = widget, fault
        self._form.addRow(label, widget)
        self._form.addRow(fault)

    def _draw(self) -> None:
        """Show the model as it is now, and what is wrong with it."""
        for draw in self._draws:
            draw()
        colour = colours_of(self.palette()).trouble.name()
        for name, label in self.faults.items():
            text = self.model.faults.get(name, "")
            label.setText(f"⚠ {text}" if text else "")
            label.setStyleSheet(f"color: {colour}")
            self._form.setRowVisible(label, bool(text))

    def _flag(self, field: Field) -> QWidget:
        if field.option.default is None:
            return self._combo(field, [("yes", True), ("no", False)])
        box = QCheckBox(self)
        box.toggled.connect(lambda on: self._set(field, on))
        return self._following(box, lambda: box.setChecked(bool(self.model.value(field.name))))

    def _choice(self, field: Field) -> QWidget:
        return self._combo(field, [(choice, choice) for choice in field.option.choices])

    def _combo(self, field: Field, choices: list[tuple[str, object]]) -> QWidget:
        box = QComboBox(self)
        if field.option.default is None:
            box.addItem(field.empty, None)
        for text, value in choices:
            box.addItem(text, value)
        box.activated.connect(lambda at: self._set(field, box.itemData(at)))

        def draw() -> None:
            box.setCurrentIndex(max(0, box.findData(self.model.value(field.name))))

        return self._following(box, draw)

    def _choices(self, field: Field) -> QWidget:
        box = QListWidget(self)
        for choice in field.option.choices:
            QListWidgetItem(choice, box).setCheckState(Qt.CheckState.Unchecked)
        rows = [box.item(at) for at in range(box.count())]
        box.setMaximumHeight(box.sizeHintForRow(0) * min(len(rows), LINES + 2) + 4)

        def take() -> None:
            chosen = [row.text() for row in rows if row.checkState() == Qt.CheckState.Checked]
            if chosen != (self.model.value(field.name) or []):
                self._set(field, chosen)

        def draw() -> None:
            chosen = self.model.value(field.name) or []
            box.blockSignals(True)
            for row in rows:
                on = row.text() in chosen
                row.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            box.blockSignals(False)

        box.itemChanged.connect(take)
        return self._following(box, draw)

    def _text(self, field: Field) -> QWidget:
        line = QLineEdit(self)
        line.setPlaceholderText(field.empty)
        line.textEdited.connect(lambda text: self.model.type_in(field.name, text))

        def draw() -> None:
            given = self.model.values().get(field.name)
            if from_text(field.option, line.text()) != given:
                line.setText(to_text(given))

        return self._following(line, draw)

    def _lines(self, field: Field) -> QWidget:
        box = QPlainTextEdit(self)
        box.setPlaceholderText(field.empty)
        box.setTabChangesFocus(True)
        box.setMaximumHeight(box.fontMetrics().lineSpacing() * LINES + 12)
        box.textChanged.connect(lambda: self.model.type_in(field.name, box.toPlainText()))

        def draw() -> None:
            given = self.model.values().get(field.name)
            if from_text(field.option, box.toPlainText()) != given:
                box.setPlainText(to_text(given))

        self._following(box, draw)
        return self._with_chooser(box, box.appendPlainText) if field.option.type == "path" else box

    def _path(self, field: Field) -> QWidget:
        line = self._text(field)
        return self._with_chooser(line, lambda path: self._set(field, path))

    def _with_chooser(self, field: QWidget, take: Callable[[str], None]) -> QWidget:
        """Put a button beside a field that asks for a file or a folder."""
        whole = QWidget(self)
        whole.setFocusProxy(field)
        button = QToolButton(whole)
        button.setText("…")
        button.setToolTip("Choose a file or a folder")
        button.setAccessibleName("Choose a file or a folder")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addAction("A file…", lambda: _take(QFileDialog.getOpenFileName(self)[0], take))
        menu.addAction("A folder…", lambda: _take(QFileDialog.getExistingDirectory(self), take))
        button.setMenu(menu)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(field, 1)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return whole

    def _set(self, field: Field, value: object) -> None:
        self.model.set(field.name, value)

    def _following(self, widget: QWidget, draw: Callable[[], None]) -> QWidget:
        """Draw a field whenever the form is drawn."""
        self._draws.append(draw)
        return widget


def aligned_form(parent: QWidget) -> QFormLayout:
    """Lay a widget out as label and field in each row, as all forms here do."""
    form = QFormLayout(parent)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(8)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form


def _take(path: str, take: Callable[[str], None]) -> None:
    """Pass on what was chosen, if anything was."""
    if path:
        take(path)
