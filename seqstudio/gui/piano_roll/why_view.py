"""The panel that says why a note: its probability, what else it may be, and what it leaned on."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QPushButton, QScrollArea, QWidget

from seqstudio.gui.piano_roll.explanation import LeanedOn, OtherNote
from seqstudio.gui.piano_roll.why import WhyModel
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metric_text import share_text
from seqstudio.gui.widgets.metrics import MEDIUM, SMALL, TIGHT, Style, styled


class WhyView(QWidget):
    """Shows a `WhyModel`; a click on another note takes it, one on a note of the past shows it."""

    def __init__(self, model: WhyModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown: tuple[OtherNote, ...] = ()
        self._leaned_on: tuple[LeanedOn, ...] = ()
        self.heading, self.verdict = self._label("heading"), self._label()
        self.others_title = self._label("strong", "What else it may be")
        self.others: list[QPushButton] = []
        self.rest = QCheckBox("Write what follows anew", self)
        self.span = self._label("small")
        self.leans_title = self._label("strong", "It leaned on")
        self.leans: list[QPushButton] = []
        self._effects: list[Label] = []  # of each of the leans
        self.status = self._label()
        self.ask = QPushButton("Explain this piece", self)
        self.setAccessibleName("Why this note")
        self._lay_out()
        self.rest.setChecked(model.rewrites)
        self.rest.setToolTip("Make a take in which what follows fits. Else the note alone changes.")
        self.rest.toggled.connect(model.set_rewrites)
        self.ask.clicked.connect(model.ask)
        model.changed.connect(self._draw)
        self._draw()

    def _label(self, style: Style = "reading", text: str = "") -> Label:
        label = Label(text, self)
        label.setWordWrap(True)
        if style != "reading":
            label.setFont(styled(label.font(), style))
        return label

    def _lay_out(self) -> None:
        body = QWidget(self)
        self._buttons, self._past = column(spacing=TIGHT), column(spacing=TIGHT)
        inside = column(body, margins=MEDIUM, spacing=SMALL)
        for label in (self.status, self.heading, self.verdict, self.others_title):
            inside.addWidget(label)
        inside.addLayout(self._buttons)
        for widget in (self.ask, self.rest, self.span, self.leans_title):
            inside.addWidget(widget)
        inside.addLayout(self._past)
        inside.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(body)
        column(self).addWidget(scroll)

    def _draw(self) -> None:
        """Show what is said of the selected note, else what can be done."""
        model, explained = self._model, self._model.place is not None
        for widget in (self.heading, self.verdict, self.others_title, self.rest, self.span):
            widget.setVisible(explained)
        self.heading.setText(model.heading)
        self.verdict.setText(model.verdict)
        if model.others != self._shown:
            self._show_others(model.others)
        self.rest.setEnabled(model.span is not None)
        self.span.setText(model.span_text)
        self.leans_title.setVisible(bool(model.leans))
        if model.leans != self._leaned_on:
            self._show_leans(model.leans)
        self.status.setText(model.status)
        self.status.setVisible(bool(model.status))
        self.ask.setVisible(model.can_ask)

    def _show_others(self, others: tuple[OtherNote, ...]) -> None:
        for button in self.others:
            button.hide()
            button.deleteLater()
        self._shown = others
        self.others = [QPushButton(self) for _ in others]
        for button, other in zip(self.others, others, strict=True):
            button.setText(f"{other.name}   {share_text(other.probability)}")
            button.setAccessibleName(f"{other.name}, {share_text(other.probability)}")
            button.setToolTip(f"Put {other.name} in its place.")
            button.clicked.connect(partial(self._take, other))
            self._buttons.addWidget(button)

    def _show_leans(self, leans: tuple[LeanedOn, ...]) -> None:
        """Show each note of the past as a button, with what would be without it below."""
        for widget in (*self.leans, *self._effects):
            widget.hide()
            widget.deleteLater()
        self._leaned_on = leans
        self.leans = [QPushButton(one.name, self) for one in leans]
        self._effects = [self._label("small", one.effect) for one in leans]
        for button, effect, one in zip(self.leans, self._effects, leans, strict=True):
            button.setAccessibleDescription(one.effect)
            button.setToolTip("Select this note.")
            button.clicked.connect(partial(self._go_to, one))
            self._past.addWidget(button)
            self._past.addWidget(effect)

    def _go_to(self, lean: LeanedOn, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        self._model.go_to(lean)

    def _take(self, other: OtherNote, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - a signal's
        self._model.take_other(other)
