"""The panel beside a page: an operation of any plugin, its form, and Run."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from seqstudio.contracts.manifest import Port
from seqstudio.gui.operations.available import formats_of, read_by_session
from seqstudio.gui.operations.form import label_of
from seqstudio.gui.operations.form_view import LABEL_PIXELS, OptionForm, aligned_form
from seqstudio.gui.operations.inputs import Source, sources_of
from seqstudio.gui.operations.panel import PanelModel
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

OTHER_FILE = "a file…"
PANEL_PIXELS = 300  # the least that the panel is wide


class _Scroll(QScrollArea):
    """As high as what it holds, where there is room; else it scrolls."""

    def __init__(self, body: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._held = body
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(body)

    def sizeHint(self) -> QSize:
        """Ask for all of it."""
        return self._held.sizeHint()


class OperationPanel(QWidget):
    """Shows a `PanelModel` and fills it in; Ctrl+Return runs it while it is seen."""

    def __init__(self, workspace: Workspace, commands: Commands, kind: str) -> None:
        super().__init__()
        self.model = PanelModel(workspace, kind)
        self._workspace = workspace
        self.banner = Banner("the operation", self)
        self.operation = self._combo("Operation")
        self.models: QComboBox | None = None  # where the operation needs a model
        self.help, self.badge, self.reason = (self._label() for _ in range(3))
        self.everything = QCheckBox(self)
        self.formats: dict[str, QCheckBox] = {}  # by name
        self.options: OptionForm | None = None
        self.amount: OptionForm | None = None
        self.ports: dict[str, QComboBox] = {}  # of further inputs
        what = Command(f"operation.run.{kind or 'any'}", "Run", "Jobs", "Ctrl+Return")
        self._run = commands.add(
            what, self.model.run, ready=lambda: not self.model.reason, page=self
        )
        self.run = QPushButton("Run", self)
        self._lay_out()
        self._wire()
        self._rebuild()
        self._draw()

    def _combo(self, name: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        return box

    def _label(self) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        return label

    def _lay_out(self) -> None:
        self.setMinimumWidth(PANEL_PIXELS)
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        scroll = self._scroll = _Scroll(self._body, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(8)
        above = (self.banner, self.operation, self.help, self.badge)
        below = (self.everything, self.run, self.reason)
        for widget in (*above, scroll, *below):
            whole.addWidget(widget)
        whole.addStretch(1)
        self.run.setToolTip(self._run.toolTip())
        self.run.setMinimumHeight(32)

    def _wire(self) -> None:
        model = self.model
        self.operation.activated.connect(model.choose)
        self.everything.toggled.connect(model.take_all)
        self.run.clicked.connect(model.run)
        model.offer_changed.connect(self._rebuild)
        model.changed.connect(self._draw)
        model.failed.connect(self.banner.tell)

    def _rebuild(self) -> None:
        """Draw the forms of the operation that is chosen now."""
        model = self.model
        self.operation.clear()
        for offer in model.offers:
            self.operation.addItem(f"{offer.entry.title} ({offer.plugin_title})")
        self.operation.setEnabled(bool(model.offers))
        while (item := self._column.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._column.addWidget(self._choosers())
        self.options = OptionForm(model.options, self._body)
        self.amount = OptionForm(model.amount, self._body)
        self._column.addWidget(self.options)
        self._column.addWidget(self.amount)
        self._column.addWidget(self._format_boxes())

    def _choosers(self) -> QWidget:
        """Draw what comes before the options: further inputs and the model."""
        whole = QWidget(self._body)
        form = aligned_form(whole)
        self.ports = {}
        for port in self.model.ports:
            self.ports[port.name] = self._port_chooser(port)
            form.addRow(self._caption(port.name), self.ports[port.name])
        self.models = self._model_chooser() if self.model.models else None
        if self.models:
            form.addRow(self._caption("model"), self.models)
        return whole

    def _caption(self, name: str) -> QLabel:
        label = QLabel(label_of(name), self)
        label.setMinimumWidth(LABEL_PIXELS)
        return label

    def _model_chooser(self) -> QComboBox:
        box = self._combo("Model")
        for at, choice in enumerate(self.model.models):
            box.addItem(choice.title, choice.value)
            box.setItemData(at, choice.help, Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(lambda at: self.model.choose_model(box.itemData(at)))
        return box

    def _port_chooser(self, port: Port) -> QComboBox:
        box = self._combo(label_of(port.name))
        box.addItem("none" if port.optional else "choose…", None)
        given = self.model.given.get(port.name)
        sources = list(sources_of(self._workspace.document, port.kind))
        if given and given not in sources:
            sources.append(given)
        for source in sources:
            box.addItem(source.name, source)
        box.setCurrentIndex(1 + sources.index(given) if given else 0)
        box.addItem(OTHER_FILE, OTHER_FILE)

        def choose(at: int) -> None:
            source = box.itemData(at)
            if source == OTHER_FILE:
                source = self._ask_file()
                if source:
                    box.insertItem(at, source.name, source)
                box.setCurrentIndex(at if source else 0)
            self.model.give(port.name, source)

        box.activated.connect(choose)
        return box

    def _ask_file(self) -> Source | None:
        name, _ = QFileDialog.getOpenFileName(self)
        return Source.of_file(name) if name else None

    def _format_boxes(self) -> QWidget:
        """Draw a box for each format, where there is a choice."""
        whole = QWidget(self._body)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        self.formats = {}
        offer = self.model.offer
        read = read_by_session(offer.entry) if offer else ()
        names = [name for name in formats_of(offer.entry) if name not in read] if offer else []
        if names and (read or len(names) > 1):
            row.addWidget(self._caption("also save as" if read else "save as"))
            for name in names:
                box = self.formats[name] = QCheckBox(name, whole)
                box.setAccessibleName(f"Save as {name}")
                box.setToolTip("The job's outputs, in the list of jobs, hold the file.")
                box.setChecked(name in self.model.formats)
                box.toggled.connect(lambda on, name=name: self.model.choose_format(name, on))
                row.addWidget(box)
        row.addStretch(1)
        return whole

    def _draw(self) -> None:
        """Show what is chosen, and whether it can be run."""
        model = self.model
        offer, reason = model.offer, model.reason
        if offer:
            self.operation.setCurrentIndex(model.offers.index(offer))
        if self.models:
            self.models.setCurrentIndex(max(0, self.models.findData(model.model)))
        _tell(self.help, offer.entry.help if offer else "")
        _tell(self.badge, f"≠ {offer.badge}" if offer and offer.badge else "")
        _tell(self.reason, reason)
        self.everything.setVisible(model.can_take_all)
        self.everything.setText(f"For all {len(model.fitting)} in the session")
        self.everything.setChecked(model.everything)
        self._scroll.updateGeometry()
        self.run.setEnabled(not reason)
        self.run.setText(model.title if not reason else "Run")
        self._run.setEnabled(not reason and self.isVisible())


def _tell(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
