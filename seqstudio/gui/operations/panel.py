"""The model of the operation panel: the operation, its inputs, model and options, and its job."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.options import Option
from seqstudio.errors import ModelError, SeqStudioError
from seqstudio.gui.operations.available import (
    AvailableOperation,
    ModelChoice,
    available_operations,
    default_formats,
    formats_of,
    main_port,
    model_choices,
    newest_learned,
    other_ports,
    session_formats,
)
from seqstudio.gui.operations.bar_selection import BarSelection, adds_bars, selection_values
from seqstudio.gui.operations.form import FormModel
from seqstudio.gui.operations.inputs import (
    KIND_NAMES,
    InputSource,
    JobInputs,
    job_inputs,
    sources_of,
)
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec

LEARNED = "Chosen because it learned from your corrections. Choose another to go back."
AMOUNT = {
    "takes": Option(type="int", default=1, min=1, max=99, help="How many results to make."),
    "seed": Option(
        type="int", min=0, max=2**31 - 1, help="The same seed always gives the same results."
    ),
}


@dataclass(frozen=True, slots=True)
class _PanelState:
    """What the user chose and filled in for one kind of file, kept for when it is shown again."""

    operation: AvailableOperation | None
    by_user: bool
    model: str
    learned: str
    formats: tuple[str, ...]
    use_all: bool
    inputs: dict[str, InputSource]
    options: FormModel
    amount: FormModel


class PanelModel(QObject):
    """One of the operations that fit a kind, its form, and the job that runs it.

    Parameters
    ----------
    workspace : whose session is worked on
    kind : what the operations take at first; "" for all kinds
    """

    changed = Signal()  # a choice, or whether it can be run
    operation_changed = Signal()  # another operation, with other forms; or other operations
    failed = Signal(str)  # why a job could not be queued; "" once one was

    def __init__(self, workspace: Workspace, kind: str) -> None:
        super().__init__(workspace)
        self._workspace, self._kind = workspace, kind
        self.operations: tuple[AvailableOperation, ...] = ()
        self.operation: AvailableOperation | None = None
        self.models: list[ModelChoice] = []
        self.model = ""  # as `JobSpec.model` takes it
        self.formats: tuple[str, ...] = ()  # chosen, in the manifest's order
        self.use_all = False  # run on all of the kind in the session, not only the selected one
        self.inputs: dict[str, InputSource] = {}  # of the other ports
        self.options = FormModel({}, self)
        self.amount = FormModel({}, self)  # takes and seed, of generative operations
        self.bars: BarSelection | None = None  # chosen in the piece that is shown
        self._states: dict[str, _PanelState] = {}  # by kind, of those that are not shown now
        self._no_model = ""
        self._learned = ""  # the model that was chosen as it learned from corrections
        self._preparing = False
        self._by_user = False  # the user chose the operation, rather than this model
        workspace.installed_changed.connect(self.refresh)
        workspace.selection_changed.connect(self._on_selection_changed)
        workspace.changed.connect(self.changed)
        self.refresh()

    def refresh(self) -> None:
        """Reload the available operations and models; keep the form where it still applies."""
        self.operations = available_operations(self._workspace.studio.catalogue, self._kind)
        if self.operation in self.operations and self.operation:
            self._reload_models()
            self.operation_changed.emit()
        else:
            self._set_operation(self._suggested())
        self.changed.emit()

    def set_kind(self, kind: str) -> None:
        """Show the operations for another kind of file, with the form as it was left."""
        if kind == self._kind:
            return
        self._states[self._kind] = self._state()
        self._kind = kind
        state = self._states.pop(kind) if kind in self._states else self._empty()
        self._restore(state)
        self.refresh()

    def select(self, at: int) -> None:
        """Select one of the available operations."""
        self._by_user = True
        if self.operation != self.operations[at]:
            self._set_operation(self.operations[at])

    def select_model(self, value: str) -> None:
        """Select a model by its name or path; "" leaves it to the operation."""
        self.model = value
        self.changed.emit()

    @property
    def model_text(self) -> str:
        """Why the model is chosen, where the user did not choose it; "" else."""
        return LEARNED if self._learned and self.model == self._learned else ""

    def choose_bars(self, bars: BarSelection | None) -> None:
        """Run on some bars of the piece, where the operation can; None for the whole piece."""
        gone = self._bar_values()
        self.bars = bars
        values = self._bar_values()
        for name in {*gone, *values}:
            self.options.set(name, values.get(name))
        self.changed.emit()

    def _bar_values(self) -> Mapping[str, Any]:
        """Return the options that say which bars."""
        entry = self.operation.entry if self.operation else None
        return selection_values(entry, self.bars) if entry and self.bars else {}

    @property
    def bars_text(self) -> str:
        """What the operation does with the chosen bars; "" where none are chosen."""
        if not self.bars or not self.operation:
            return ""
        if not self._bar_values():
            return f"Takes no bars: runs on the whole piece, not on {self.bars.text}."
        kept = f" {len(self.bars.locks)} locked." if self.bars.locks else ""
        return f"On {self.bars.text}.{kept} Hear the takes, then “Use in place”."

    def set_format(self, name: str, wanted: bool) -> None:  # noqa: FBT001 - a check box's signal
        """Write a format or not; formats that the session reads are always written."""
        if self.operation:
            entry = self.operation.entry
            chosen = {*self.formats, name} if wanted else {*self.formats} - {name}
            chosen |= {*session_formats(entry)}
            self.formats = tuple(form for form in formats_of(entry) if form in chosen)
            self.changed.emit()

    def set_use_all(self, use_all: bool) -> None:  # noqa: FBT001 - a check box's signal
        """Run on everything of the kind in the session, or on the selected item alone."""
        self.use_all = use_all
        self.changed.emit()

    def set_input(self, port: str, source: InputSource | None) -> None:
        """Set what another port reads; None for nothing."""
        self.inputs.pop(port, None)
        if source:
            self.inputs[port] = source
        self.changed.emit()

    @property
    def port(self) -> Port | None:
        """The port that takes the selected item."""
        return main_port(self.operation.entry, self._kind) if self.operation else None

    @property
    def ports(self) -> tuple[Port, ...]:
        """The other ports, which the user chooses sources for."""
        return other_ports(self.operation.entry, self._kind) if self.operation else ()

    @property
    def candidates(self) -> tuple[InputSource, ...]:
        """All that the session has for the main port."""
        return sources_of(self._workspace.document, self.port.kind) if self.port else ()

    @property
    def can_use_all(self) -> bool:
        """Whether one job may run on several files, and the session has several."""
        return self.port is not None and self.port.many and len(self.candidates) > 1

    @property
    def sources(self) -> tuple[InputSource, ...]:
        """The main inputs of a run."""
        if self.use_all and self.can_use_all:
            return self.candidates
        return tuple(one for one in self.candidates if one.id == self._workspace.selected_id)

    @property
    def optional_formats(self) -> tuple[str, ...]:
        """The formats that the user can choose; () where there is no choice."""
        if not self.operation:
            return ()
        entry = self.operation.entry
        always = session_formats(entry)
        names = tuple(name for name in formats_of(entry) if name not in always)
        return names if always or len(names) > 1 else ()

    @property
    def writes_more_formats(self) -> bool:
        """Whether the session reads a format, so that the optional ones are additional."""
        return self.operation is not None and bool(session_formats(self.operation.entry))

    @property
    def reason(self) -> str:
        """Why nothing can be run now; "" where it can."""
        if not self.operation:
            return f"No installed plugin takes a {KIND_NAMES.get(self._kind, 'file')}."
        if self.port and not self.port.optional and not self.sources:
            return f"Select a {_kind_name(self.port)} in the session first."
        for port in self.ports:
            if not port.optional and port.name not in self.inputs:
                return f"{port.name.capitalize()}: choose a {_kind_name(port)}."
        if self._adds_bars and self.bars and self.bars.first == 1:
            return "This goes on from the bars before those chosen: choose later bars."
        errors = [*self.options.errors.values(), *self.amount.errors.values()]
        return self._no_model or (f"Fix this first: {errors[0]}." if errors else "")

    @property
    def _adds_bars(self) -> bool:
        return self.operation is not None and adds_bars(self.operation.entry)

    @property
    def title(self) -> str:
        """The title of the job: "Continue greensleeves", "Compose a new piece"."""
        sources = self.sources
        if not self.operation or not sources:
            return self.operation.entry.title if self.operation else ""
        verb = self.operation.entry.name.replace("-", " ").capitalize()
        if len(sources) == 1:
            name = sources[0].name
            return name if name.startswith(f"{verb} ") else f"{verb} {name}"
        return f"{verb} {len(sources)} {_kind_name(self.port)}s"

    def port_sources(self, port: Port) -> list[InputSource]:
        """Return the sources that a port can read: the session's, and a file chosen for it."""
        sources = list(sources_of(self._workspace.document, port.kind))
        chosen = self.inputs.get(port.name)
        return sources if chosen is None or chosen in sources else [*sources, chosen]

    def run(self) -> None:
        """Queue a job; emit `failed` with the reason if it cannot be queued."""
        if self.reason or self._preparing or not self.operation:
            return
        entry, title = self.operation.entry, self.title
        spec = JobSpec(
            plugin=self.operation.plugin,
            name=entry.name,
            options=self.options.values(),
            model=self.model,
            formats=self.formats,
            seed=self.amount.values().get("seed"),
            takes=self.amount.values().get("takes", 1),
        )
        main, sources, others = self.port.name if self.port else "", self.sources, dict(self.inputs)
        profile, until = self._workspace.studio.profile, self.bars if self._adds_bars else None
        self._preparing = True
        self._workspace.background.run(
            lambda: job_inputs(main, sources, others, profile, until=until),
            lambda inputs: self._submit(spec, title, inputs, batch=entry.runs == "batch"),
            self._on_failure,
        )

    def _submit(self, spec: JobSpec, title: str, inputs: JobInputs, *, batch: bool) -> None:
        self._preparing = False
        owners = inputs.owners if batch else inputs.owners[:1]
        items = tuple(owner for owner in owners for _ in range(spec.takes))
        try:
            self._workspace.submit(replace(spec, inputs=inputs.files), title, items)
        except SeqStudioError as error:
            self.failed.emit(str(error))
        else:
            self.failed.emit("")

    def _on_failure(self, reason: str) -> None:
        self._preparing = False
        self.failed.emit(reason)

    def _suggested(self) -> AvailableOperation | None:
        """Return the first operation with inputs if an item is selected, else one without."""
        selected = bool(self._workspace.selected_id)
        fitting = [one for one in self.operations if selected == bool(one.entry.inputs)]
        return next(iter(fitting or self.operations), None)

    def _on_selection_changed(self) -> None:
        """Switch to an operation that fits the selected item, unless this one does."""
        if self.port:
            unfit = not self.sources
        else:
            unfit = bool(self._workspace.selected_id) and not self._by_user
        suggested = self._suggested()
        if unfit and suggested and suggested != self.operation and self._takes_selected(suggested):
            self._set_operation(suggested)
        self.changed.emit()

    def _takes_selected(self, operation: AvailableOperation) -> bool:
        port = main_port(operation.entry, self._kind)
        sources = sources_of(self._workspace.document, port.kind) if port else ()
        return not port or any(one.id == self._workspace.selected_id for one in sources)

    def _state(self) -> _PanelState:
        return _PanelState(
            self.operation,
            self._by_user,
            self.model,
            self._learned,
            self.formats,
            self.use_all,
            self.inputs,
            self.options,
            self.amount,
        )

    def _restore(self, state: _PanelState) -> None:
        self.operation, self._by_user = state.operation, state.by_user
        self.model, self._learned = state.model, state.learned
        self.formats, self.use_all, self.inputs = state.formats, state.use_all, state.inputs
        self.options, self.amount = state.options, state.amount

    def _empty(self) -> _PanelState:
        forms = FormModel({}, self), FormModel({}, self)
        return _PanelState(None, False, "", "", (), False, {}, *forms)

    def _set_operation(self, operation: AvailableOperation | None) -> None:
        self.operation = operation
        for old in (self.options, self.amount):
            old.deleteLater()
        generative = operation is not None and operation.entry.generative
        self.options = FormModel(operation.entry if operation else {}, self)
        self.amount = FormModel(AMOUNT if generative else {}, self, placeholders={"seed": "random"})
        for form in (self.options, self.amount):
            form.changed.connect(self.changed)
        self.formats = default_formats(operation.entry) if operation else ()
        self.inputs, self.use_all, self._learned = {}, False, ""
        for name, value in self._bar_values().items():
            self.options.set(name, value)
        self._reload_models()
        self.operation_changed.emit()
        self.changed.emit()

    def _reload_models(self) -> None:
        self.models, self._no_model = [], ""
        if not self.operation:
            return
        studio = self._workspace.studio
        plugin = studio.catalogue.plugin(self.operation.plugin)
        try:
            self.models = model_choices(studio, plugin, self.operation.entry)
        except ModelError as error:
            self._no_model = str(error)
        if self.model not in [choice.value for choice in self.models]:
            self.model = self.models[0].value if self.models else ""
        learned = newest_learned(studio, self.models)
        if learned != self._learned:  # else the user may have chosen another since
            self._learned = learned
            self.model = learned or self.model


def _kind_name(port: Port | None) -> str:
    return KIND_NAMES.get(port.kind, "file") if port else "file"
