"""The page of plugins: what there is, and one change at a time, off the window's thread."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.plugins_and_models.consent import consent_to
from seqstudio.gui.plugins_and_models.listing import ListingModel
from seqstudio.gui.plugins_and_models.plugin_rows import BY_YOU, PluginRow, read_plugins
from seqstudio.gui.plugins_and_models.plugin_trial import PluginTrial
from seqstudio.gui.widgets.facts import Group
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.catalogue import SAFE_MODE_REASON, Catalogue, in_safe_mode
from seqstudio.host.store.install import Offer
from seqstudio.host.store.store import Store

SAFE_MODE = (
    "Safe mode: only the plugins in the box are in use. The others are listed, so that one that "
    "makes trouble can be disabled or uninstalled. Start SeqStudio without --safe-mode to use them."
)
STAYS = (
    "Sessions stay as they are: what it made can still be read, edited and exported; only making "
    "it again needs the plugin."
)


class PluginsModel(ListingModel[PluginRow]):
    """Inspects, installs, switches and removes plugins through the profile's store."""

    offered = Signal(object)  # a Consent to ask a person for

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        profile = workspace.studio.profile
        super().__init__(workspace, lambda: read_plugins(profile), self.bring, parent)
        self._store = Store(profile)
        self._offer: Offer | None = None
        self._trial_shown = False
        self.trial = PluginTrial(workspace.background, self)
        self.trial.changed.connect(self.changed)
        self.trial.ended.connect(self._tried)
        workspace.closing.connect(self.trial.stop)
        self.safe_mode = SAFE_MODE if in_safe_mode() else ""

    @property
    def marked(self) -> str:
        """The id of the line that is marked in the list; "" while a trial is shown."""
        return "" if self._trial_shown else self.chosen

    @property
    def title(self) -> str:
        """What the facts beside the list are about."""
        return self.trial.subject if self._trial_shown else super().title

    @property
    def state(self) -> str:
        """Say how it is with the plugin that is shown."""
        if self._trial_shown or not self.row:
            return ""
        return f"{self.row.version}  ·  {self.row.said}".lstrip(" ·")

    @property
    def groups(self) -> tuple[Group, ...]:
        """Give what is known of the plugin that is shown, or how its trial goes."""
        return (self.trial.group(),) if self._trial_shown else super().groups

    def choose(self, id: str) -> None:
        """Show a plugin."""
        self._trial_shown = False
        super().choose(id)

    def can_disable(self) -> bool:
        """Whether the plugin that is shown can be switched off; in safe mode, for good."""
        return self._can(lambda row: row.state == "on" or row.why == SAFE_MODE_REASON)

    def can_enable(self) -> bool:
        """Whether it is off, and not by safe mode alone."""
        return self._can(lambda row: row.state == "off" and row.why != SAFE_MODE_REASON)

    def can_roll_back(self) -> bool:
        """Whether a version before it is at hand."""
        return self._can(lambda row: bool(row.previous))

    def can_uninstall(self) -> bool:
        """Whether it is one that was installed here."""
        return self._can(lambda row: row.stored)

    def _can(self, allowed: Callable[[PluginRow], bool]) -> bool:
        return bool(
            not self.errand.busy and not self._trial_shown and self.row and allowed(self.row)
        )

    def can_begin(self) -> bool:
        """Whether nothing is under way, and no question is open."""
        return super().can_begin() and self._offer is None

    def bring(self, path: Path) -> None:
        """Look at a wheel or a folder; where nothing speaks against it, a person is asked."""
        self.errand.run(f"Looking into {path.name}", lambda: self._store.inspect(path), self._ask)

    def install(self) -> None:
        """Install what a person has just agreed to."""
        if offer := self._offer:
            self._offer = None
            sheet, told = offer.sheet, self.errand.tell
            self._change(
                f"Installing {sheet.title} {sheet.version}",
                lambda: self._store.install(offer, accepted=sheet.sha256, tell=told),
                f"{sheet.title} {sheet.version} is installed and on.",
                sheet.id,
            )

    def decline(self) -> None:
        """Leave everything as it is."""
        self._offer = None
        self.errand.end("Not installed.")

    def verify(self, path: Path) -> None:
        """Try a plugin as the studio's own are tried, and show how each check comes out."""
        if self.errand.begin(f"Trying {path.name}"):
            self._trial_shown = True
            self.trial.start(path)
            self.changed.emit()

    def disable(self) -> None:
        """Switch the plugin that is shown off."""
        if row := self.row:
            self._change(
                f"Disabling {row.title}",
                lambda: self._store.disable(row.id, BY_YOU),
                f"{row.title} is off. Its files stay; Enable switches it on again.",
            )

    def enable(self) -> None:
        """Switch the plugin that is shown on."""
        if row := self.row:
            self._change(
                f"Enabling {row.title}", lambda: self._store.enable(row.id), f"{row.title} is on."
            )

    def roll_back(self) -> None:
        """Go back to the version that was in use before."""
        if row := self.row:
            self._change(
                f"Rolling {row.title} back",
                lambda: self._store.rollback(row.id),
                f"{row.title} is at {row.previous} again; once more returns to {row.version}.",
            )

    def uninstall(self) -> None:
        """Remove the plugin that is shown, unless a job needs it."""
        row = self.row
        if row and (needing := self._workspace.queue.needing(row.id)):
            self.failed.emit(
                f"{row.title} is needed by {', '.join(needing)}, expected no job that waits or "
                "runs: cancel it, or wait for its end."
            )
        elif row:
            self._change(
                f"Uninstalling {row.title}",
                lambda: self._store.uninstall(row.id),
                f"{row.title} is removed, with all its versions. {STAYS}",
            )

    def _change(self, words: str, work: Callable[[], object], done: str, then: str = "") -> None:
        """Change the store, and have every form drawn anew."""

        def changed() -> None:
            work()
            Catalogue.load(self._workspace.studio.profile)  # kept, so that the window need not scan

        def settled(_value: object) -> None:
            self.chosen, self._trial_shown = then or self.chosen, False
            self._workspace.refresh()
            self.errand.end(done)

        self.errand.run(words, changed, settled)

    def _ask(self, offer: Offer) -> None:
        self._offer = offer
        self.offered.emit(consent_to(offer.sheet))

    def _tried(self, reason: str) -> None:
        if reason:
            self.errand.fail(reason)
        else:
            self.errand.end(self.trial.verdict)
