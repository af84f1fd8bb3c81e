"""What the operation panel decides: which operation, on what, with which model; and its job."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.options import Option
from seqstudio.errors import ModelError, SeqStudioError
from seqstudio.gui.operations.available import (
    ModelChoice,
    Offer,
    first_formats,
    formats_of,
    further_ports,
    main_port,
    model_choices,
    offers,
    read_by_session,
)
from seqstudio.gui.operations.form import FormModel
from seqstudio.gui.operations.inputs import CALLED, Gathered, Source, gather, sources_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import JobSpec

AMOUNT = {
    "takes": Option(type="int", default=1, min=1, max=99, help="How many results to make."),
    "seed": Option(
        type="int", min=0, max=2**31 - 1, help="Equal seeds give equal results, also next year."
    ),
}


@dataclass(frozen=True, slots=True)
class _Filled:
    """What was chosen and filled in for one kind of file, to be found again."""

    offer: Offer | None
    picked: bool
    model: str
    formats: tuple[str, ...]
    everything: bool
    given: dict[str, Source]
    options: FormModel
    amount: FormModel


class PanelModel(QObject):
    """One operation of those that fit a kind, filled in and run for what is in front.

    Parameters
    ----------
    desk : whose session is worked on
    kind : what the operations take at first; "" for all kinds
    """

    changed = Signal()  # what is chosen, or whether it can be run
    offer_changed = Signal()  # another operation, with other forms; or others are offered
    failed = Signal(str)  # why a job could not be queued; "" once one was

    def __init__(self, workspace: Workspace, kind: str) -> None:
        super().__init__(workspace)
        self._workspace, self._kind = workspace, kind
        self.offers: tuple[Offer, ...] = ()
        self.offer: Offer | None = None
        self.models: list[ModelChoice] = []
        self.model = ""  # as `JobSpec.model` takes it
        self.formats: tuple[str, ...] = ()  # chosen, in the manifest's order
        self.everything = False  # all that the session has of the kind, not only what is in front
        self.given: dict[str, Source] = {}  # further inputs
        self.options = FormModel({}, self)
        self.amount = FormModel({}, self)  # takes and seed, of generative operations
        self._left: dict[str, _Filled] = {}  # by kind: those that are not offered now
        self._no_model = ""
        self._gathering = False
        self._picked = False  # by the person, rather than suggested
        workspace.installed_changed.connect(self.refresh)
        workspace.chosen_changed.connect(self._follow_front)
        workspace.changed.connect(self.changed)
        self.refresh()

    def refresh(self) -> None:
        """See which operations and models there are now; what is filled in stays where it can."""
        self.offers = offers(self._workspace.studio.catalogue, self._kind)
        if self.offer in self.offers and self.offer:
            self._look_for_models()
            self.offer_changed.emit()
        else:
            self._take_up(self._suggested())
        self.changed.emit()

    def turn_to(self, kind: str) -> None:
        """Offer what takes another kind of file, as it was filled in when that was offered last."""
        if kind == self._kind:
            return
        self._left[self._kind] = self._filled()
        self._kind = kind
        left = self._left.pop(kind, None)
        self._fill_in(left or self._empty())
        self.refresh()

    def choose(self, at: int) -> None:
        """Take another of the operations that are offered."""
        self._picked = True
        if self.offer != self.offers[at]:
            self._take_up(self.offers[at])

    def choose_model(self, value: str) -> None:
        """Take a model by its name or path; "" leaves it to the operation."""
        self.model = value
        self.changed.emit()

    def choose_format(self, name: str, wanted: bool) -> None:  # noqa: FBT001 - as a box tells it
        """Write a format as well, or no longer; what the session reads is always written."""
        if self.offer:
            entry = self.offer.entry
            kept = {*self.formats, name} if wanted else {*self.formats} - {name}
            kept |= {*read_by_session(entry)}
            self.formats = tuple(form for form in formats_of(entry) if form in kept)
            self.changed.emit()

    def take_all(self, everything: bool) -> None:  # noqa: FBT001 - as a check box tells it
        """Run for everything of the kind in the session, or for what is in front alone."""
        self.everything = everything
        self.changed.emit()

    def give(self, port: str, source: Source | None) -> None:
        """Choose what a further input reads; None for nothing."""
        self.given.pop(port, None)
        if source:
            self.given[port] = source
        self.changed.emit()

    @property
    def port(self) -> Port | None:
        """The input that takes what is in front."""
        return main_port(self.offer.entry, self._kind) if self.offer else None

    @property
    def ports(self) -> tuple[Port, ...]:
        """The inputs that are chosen besides."""
        return further_ports(self.offer.entry, self._kind) if self.offer else ()

    @property
    def fitting(self) -> tuple[Source, ...]:
        """All that the session has for the main input."""
        return sources_of(self._workspace.document, self.port.kind) if self.port else ()

    @property
    def can_take_all(self) -> bool:
        """Whether one job may run on several files, and the session has several."""
        return self.port is not None and self.port.many and len(self.fitting) > 1

    @property
    def sources(self) -> tuple[Source, ...]:
        """What a run would be for."""
        if self.everything and self.can_take_all:
            return self.fitting
        return tuple(one for one in self.fitting if one.id == self._workspace.chosen)

    @property
    def reason(self) -> str:
        """Why nothing can be run now; "" where it can."""
        if not self.offer:
            what = CALLED.get(self._kind, "file")
            return f"No installed plugin does anything with a {what}."
        if self.port and not self.port.optional and not self.sources:
            return f"Choose a {_called(self.port)} in the session first."
        for port in self.ports:
            if not port.optional and port.name not in self.given:
                return f"{port.name.capitalize()}: choose a {_called(port)}."
        faults = [*self.options.faults.values(), *self.amount.faults.values()]
        return self._no_model or (f"To mend: {faults[0]}." if faults else "")

    @property
    def title(self) -> str:
        """What the job is called: "Continue greensleeves", "Compose a new piece"."""
        sources = self.sources
        if not self.offer or not sources:
            return self.offer.entry.title if self.offer else ""
        verb = self.offer.entry.name.replace("-", " ").capitalize()
        if len(sources) == 1:
            name = sources[0].name
            return name if name.startswith(f"{verb} ") else f"{verb} {name}"
        return f"{verb} {len(sources)} {_called(self.port)}s"

    def run(self) -> None:
        """Queue a job for what is in front; `failed` tells why it could not be."""
        if self.reason or self._gathering or not self.offer:
            return
        entry, title = self.offer.entry, self.title
        spec = JobSpec(
            plugin=self.offer.plugin,
            name=entry.name,
            options=self.options.values(),
            model=self.model,
            formats=self.formats,
            seed=self.amount.values().get("seed"),
            takes=self.amount.values().get("takes", 1),
        )
        main, sources, given = self.port.name if self.port else "", self.sources, dict(self.given)
        profile = self._workspace.studio.profile
        self._gathering = True
        self._workspace.background.run(
            lambda: gather(main, sources, given, profile),
            lambda gathered: self._submit(spec, title, gathered, batch=entry.runs == "batch"),
            self._refused,
        )

    def _submit(self, spec: JobSpec, title: str, gathered: Gathered, *, batch: bool) -> None:
        self._gathering = False
        owners = gathered.owners if batch else gathered.owners[:1]
        items = tuple(owner for owner in owners for _ in range(spec.takes))
        try:
            self._workspace.submit(replace(spec, inputs=gathered.inputs), title, items)
        except SeqStudioError as bad:
            self.failed.emit(str(bad))
        else:
            self.failed.emit("")

    def _refused(self, reason: str) -> None:
        self._gathering = False
        self.failed.emit(reason)

    def _suggested(self) -> Offer | None:
        """Give the operation to begin with: one that fits what is in front."""
        in_front = bool(self._workspace.chosen)
        fitting = [one for one in self.offers if in_front == bool(one.entry.inputs)]
        return next(iter(fitting or self.offers), None)

    def _follow_front(self) -> None:
        """Turn to an operation that fits what is in front now, unless this one does."""
        port = self.port
        useless = not self.sources if port else bool(self._workspace.chosen) and not self._picked
        suggested = self._suggested()
        if useless and suggested and suggested != self.offer and self._is_for_front(suggested):
            self._take_up(suggested)
        self.changed.emit()

    def _is_for_front(self, offer: Offer) -> bool:
        port = main_port(offer.entry, self._kind)
        sources = sources_of(self._workspace.document, port.kind) if port else ()
        return not port or any(one.id == self._workspace.chosen for one in sources)

    def _filled(self) -> _Filled:
        return _Filled(
            self.offer,
            self._picked,
            self.model,
            self.formats,
            self.everything,
            self.given,
            self.options,
            self.amount,
        )

    def _fill_in(self, filled: _Filled) -> None:
        self.offer, self._picked, self.model = filled.offer, filled.picked, filled.model
        self.formats, self.everything, self.given = filled.formats, filled.everything, filled.given
        self.options, self.amount = filled.options, filled.amount

    def _empty(self) -> _Filled:
        return _Filled(None, False, "", (), False, {}, FormModel({}, self), FormModel({}, self))

    def _take_up(self, offer: Offer | None) -> None:
        self.offer = offer
        for old in (self.options, self.amount):
            old.deleteLater()
        generative = offer is not None and offer.entry.generative
        self.options = FormModel(offer.entry if offer else {}, self)
        self.amount = FormModel(AMOUNT if generative else {}, self, empty={"seed": "drawn anew"})
        for form in (self.options, self.amount):
            form.changed.connect(self.changed)
        self.formats = first_formats(offer.entry) if offer else ()
        self.given, self.everything = {}, False
        self._look_for_models()
        self.offer_changed.emit()
        self.changed.emit()

    def _look_for_models(self) -> None:
        self.models, self._no_model = [], ""
        if not self.offer:
            return
        studio = self._workspace.studio
        plugin = studio.catalogue.plugin(self.offer.plugin)
        try:
            self.models = model_choices(studio, plugin, self.offer.entry)
        except ModelError as bad:
            self._no_model = str(bad)
        if self.model not in [choice.value for choice in self.models]:
            self.model = self.models[0].value if self.models else ""


def _called(port: Port | None) -> str:
    return CALLED.get(port.kind, "file") if port else "file"
