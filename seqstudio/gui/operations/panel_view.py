"""The panel beside a page: the operations of any plugin, a form, and Run."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from seqstudio.contracts.manifest import Port
from seqstudio.gui.operations.form import label_of
from seqstudio.gui.operations.form_view import LABEL_PIXELS, OptionForm, aligned_form
from seqstudio.gui.operations.inputs import InputSource
from seqstudio.gui.operations.panel import PanelModel
from seqstudio.gui.widgets.action_button import make_primary
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.fitted_scroll_area import FittedScrollArea
from seqstudio.gui.widgets.fold import Fold
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import MEDIUM, NONE, SMALL
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

OTHER_FILE = "Other file…"
FOLDER = "Folder…"
PANEL_PIXELS = 300  # the least width of the panel
FORMATS_IN_ROW = 3


class OperationPanel(QWidget):
    """Shows and edits a `PanelModel`; Ctrl+Return runs it while it is visible."""

    def __init__(self, workspace: Workspace, commands: Commands, kind: str) -> None:
        super().__init__()
        self.model = PanelModel(workspace, kind)
        self.banner = Banner("the operation", self)
        self.operation = self._combo("Operation")
        self.models: QComboBox | None = None  # where the operation needs a model
        self.help, self.badge, self.bars, self.reason = (self._label() for _ in range(4))
        self.use_all = QCheckBox(self)
        self.formats: dict[str, QCheckBox] = {}  # by name
        self.options: OptionForm | None = None
        self.amount: OptionForm | None = None
        self.ports: dict[str, QComboBox] = {}  # of the other inputs
        command = Command(f"operation.run.{kind or 'any'}", "Run", "Jobs", "Ctrl+Return")
        self._run = commands.add(
            command, self.model.run, ready=lambda: not self.model.reason, page=self
        )
        self.run = QPushButton("Run", self)
        self._lay_out()
        self._connect()
        self._rebuild()
        self._draw()

    def _combo(self, name: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)  # fits beside a scroll bar in the narrowest panel
        return box

    def _label(self) -> QLabel:
        label = Label(self)
        label.setWordWrap(True)
        return label

    def _lay_out(self) -> None:
        self.setMinimumWidth(PANEL_PIXELS)
        self._body = QWidget()
        self._column = column(self._body, spacing=MEDIUM)
        scroll = self._scroll = FittedScrollArea(self._body, self)
        layout = column(self, margins=MEDIUM, spacing=SMALL)
        above = (self.banner, self.operation, self.help, self.badge, self.bars)
        below = (self.use_all, self.run, self.reason)
        for widget in (*above, scroll, *below):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.run.setToolTip(self._run.toolTip())
        self.run.setMinimumHeight(32)
        make_primary(self.run)

    def _connect(self) -> None:
        model = self.model
        self.operation.activated.connect(model.select)
        self.use_all.toggled.connect(model.set_use_all)
        self.run.clicked.connect(model.run)
        model.operation_changed.connect(self._rebuild)
        model.changed.connect(self._draw)
        model.failed.connect(self.banner.show_message)

    def _rebuild(self) -> None:
        """Build the forms of the selected operation."""
        model = self.model
        self.operation.clear()
        for operation in model.operations:
            self.operation.addItem(f"{operation.entry.title} ({operation.plugin_title})")
        self.operation.setEnabled(bool(model.operations))
        while (item := self._column.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self.options = OptionForm(model.options, self._body)
        self.amount = OptionForm(model.amount, self._body)
        choosers, formats = self._choosers(), self._format_boxes()
        for part, used in (
            (choosers, bool(self.ports) or self.models is not None),
            (self.options, bool(self.options.widgets)),
            (self.amount, bool(self.amount.widgets)),
            (formats, bool(self.formats)),
        ):
            part.setVisible(used)  # an empty one would leave a gap
            self._column.addWidget(part)

    def _choosers(self) -> QWidget:
        """Return the widget above the options: the other inputs and the model."""
        container = QWidget(self._body)
        form = aligned_form(container)
        self.ports, self.why_model = {}, self._label()
        for port in self.model.ports:
            self.ports[port.name] = self._port_chooser(port)
            form.addRow(self._caption(port.name), self.ports[port.name])
        self.models = self._model_chooser() if self.model.models else None
        if self.models:
            form.addRow(self._caption("model"), self.models)
            form.addRow(self.why_model)
        return container

    def _caption(self, name: str) -> QLabel:
        label = Label(label_of(name), self)
        label.setMinimumWidth(LABEL_PIXELS)
        return label

    def _model_chooser(self) -> QComboBox:
        box = self._combo("Model")
        for at, choice in enumerate(self.model.models):
            box.addItem(choice.title, choice.value)
            box.setItemData(at, choice.help, Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(lambda at: self.model.select_model(box.itemData(at)))
        return box

    def _port_chooser(self, port: Port) -> QComboBox:
        box = self._combo(label_of(port.name))
        box.addItem("None" if port.optional else "Choose…", None)
        current = self.model.inputs.get(port.name)
        sources = self.model.port_sources(port)
        for source in sources:
            box.addItem(source.name, source)
        box.setCurrentIndex(1 + sources.index(current) if current else 0)
        box.addItem(OTHER_FILE, OTHER_FILE)
        if port.kind == "data":
            box.addItem(FOLDER, FOLDER)

        def choose(at: int) -> None:
            source = box.itemData(at)
            if source in (OTHER_FILE, FOLDER):
                source = self._ask(source)
                if source:
                    box.insertItem(at, source.name, source)
                box.setCurrentIndex(at if source else 0)
            self.model.set_input(port.name, source)

        box.activated.connect(choose)
        return box

    def _ask(self, what: str) -> InputSource | None:
        if what == FOLDER:
            name = QFileDialog.getExistingDirectory(self)
        else:
            name, _ = QFileDialog.getOpenFileName(self)
        return InputSource.of_file(name) if name else None

    def _format_boxes(self) -> QWidget:
        """Return a check box for each optional format, a few in a row."""
        model = self.model
        names = model.optional_formats
        container = QWidget(self._body)
        boxes = QGridLayout(container)
        boxes.setContentsMargins(NONE, NONE, NONE, NONE)
        self.formats = {}
        for at, name in enumerate(names):
            box = self.formats[name] = QCheckBox(name, container)
            box.setAccessibleName(f"Save as {name}")
            box.setToolTip("The file is listed under Outputs… of the job.")
            box.setChecked(name in model.formats)
            box.toggled.connect(lambda on, name=name: model.set_format(name, on))
            boxes.addWidget(box, at // FORMATS_IN_ROW, at % FORMATS_IN_ROW)
        boxes.setColumnStretch(FORMATS_IN_ROW, 1)
        if not names:
            return container
        more = model.writes_more_formats
        opened = not more or not {*names}.isdisjoint(model.formats)
        return Fold("Also save as" if more else "Save as", container, self._body, opened=opened)

    def _draw(self) -> None:
        """Show the model's choices, and whether it can be run."""
        model = self.model
        operation, reason = model.operation, model.reason
        if operation:
            self.operation.setCurrentIndex(model.operations.index(operation))
        if self.models:
            self.models.setCurrentIndex(max(0, self.models.findData(model.model)))
        _show_text(self.why_model, model.model_text)
        _show_text(self.help, operation.entry.help if operation else "")
        _show_text(self.badge, f"≠ {operation.badge}" if operation and operation.badge else "")
        _show_text(self.bars, model.bars_text)
        _show_text(self.reason, reason)
        self.use_all.setVisible(model.can_use_all)
        self.use_all.setText(f"Run on all {len(model.candidates)} in the session")
        self.use_all.setChecked(model.use_all)
        self._scroll.updateGeometry()
        self.run.setEnabled(not reason)
        self.run.setText(model.title if not reason else "Run")
        self._run.setEnabled(not reason and self.isVisible())


def _show_text(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
