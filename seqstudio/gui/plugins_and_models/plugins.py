"""The model of the page of plugins: install, verify, enable and remove, in the background."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.plugins_and_models.consent import consent_text
from seqstudio.gui.plugins_and_models.listing import ListingModel
from seqstudio.gui.plugins_and_models.plugin_rows import BY_YOU, PluginRow, read_plugins
from seqstudio.gui.plugins_and_models.plugin_verification import PluginVerification
from seqstudio.gui.widgets.confirmation import Confirmation
from seqstudio.gui.widgets.facts import FactGroup
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.catalogue import SAFE_MODE_REASON, Catalogue, in_safe_mode
from seqstudio.host.store.install import InspectedPlugin
from seqstudio.host.store.store import Store

SAFE_MODE = (
    "Safe mode: only built-in plugins are enabled. The others are listed so that you can disable "
    "or uninstall one that causes problems. Start SeqStudio without --safe-mode to use them."
)
RESULTS_KEPT = (
    "Sessions are unchanged: you can still read, edit and export its results, but not make them "
    "again without the plugin."
)


class PluginsModel(ListingModel[PluginRow]):
    """Inspects, installs, switches and removes plugins through the profile's store."""

    consent_asked = Signal(object)  # the Consent to show to the user

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        profile = workspace.studio.profile
        super().__init__(workspace, lambda: read_plugins(profile), self.install, parent)
        self._store = Store(profile)
        self._inspected: InspectedPlugin | None = None
        self._verification_shown = False
        self.verification = PluginVerification(workspace.background, self)
        self.verification.changed.connect(self.changed)
        self.verification.ended.connect(self._on_verified)
        workspace.closing.connect(self.verification.stop)
        self.safe_mode = SAFE_MODE if in_safe_mode() else ""

    @property
    def highlighted(self) -> str:
        """The id of the highlighted row; "" while a verification is shown."""
        return "" if self._verification_shown else self.selected

    @property
    def title(self) -> str:
        """The title above the facts."""
        return self.verification.subject if self._verification_shown else super().title

    @property
    def status(self) -> str:
        """The version and status of the plugin that is shown."""
        if self._verification_shown or not self.row:
            return ""
        return f"{self.row.version}  ·  {self.row.status}".lstrip(" ·")

    @property
    def groups(self) -> tuple[FactGroup, ...]:
        """The facts about the plugin that is shown, or the checks of the verification."""
        return (self.verification.group(),) if self._verification_shown else super().groups

    def select(self, id: str) -> None:
        """Show a plugin."""
        self._verification_shown = False
        super().select(id)

    def can_disable(self) -> bool:
        """Whether the plugin that is shown is enabled, or disabled by safe mode alone."""
        return self._can(lambda row: row.state == "on" or row.why == SAFE_MODE_REASON)

    def can_enable(self) -> bool:
        """Whether it is disabled, but not by safe mode alone."""
        return self._can(lambda row: row.state == "off" and row.why != SAFE_MODE_REASON)

    def can_roll_back(self) -> bool:
        """Whether a previous version is stored."""
        return self._can(lambda row: bool(row.previous))

    def can_uninstall(self) -> bool:
        """Whether it was installed into this profile."""
        return self._can(lambda row: row.stored)

    def _can(self, allowed: Callable[[PluginRow], bool]) -> bool:
        return bool(
            not self.background_task.busy
            and not self._verification_shown
            and self.row
            and allowed(self.row)
        )

    def can_begin(self) -> bool:
        """Whether no task runs and no consent sheet is open."""
        return super().can_begin() and self._inspected is None

    def install(self, path: Path) -> None:
        """Inspect a wheel or a folder, then ask for consent if it can be installed."""
        self.background_task.run(
            f"Inspecting {path.name}", lambda: self._store.inspect(path), self._ask
        )

    def accept(self) -> None:
        """Install the plugin that the user has just agreed to."""
        if inspected := self._inspected:
            self._inspected = None
            sheet, report = inspected.sheet, self.background_task.report_progress
            self._change(
                f"Installing {sheet.title} {sheet.version}",
                lambda: self._store.install(inspected, accepted=sheet.sha256, on_progress=report),
                f"{sheet.title} {sheet.version} is installed and enabled.",
                sheet.id,
            )

    def decline(self) -> None:
        """Install nothing."""
        self._inspected = None
        self.background_task.end("Not installed.")

    def verify(self, path: Path) -> None:
        """Run the conformance suite on a plugin and show the result of each check."""
        if self.background_task.begin(f"Verifying {path.name}"):
            self._verification_shown = True
            self.verification.start(path)
            self.changed.emit()

    def disable(self) -> None:
        """Disable the plugin that is shown."""
        if row := self.row:
            self._change(
                f"Disabling {row.title}",
                lambda: self._store.disable(row.id, BY_YOU),
                f"{row.title} is disabled. Its files are kept.",
            )

    def enable(self) -> None:
        """Enable the plugin that is shown."""
        if row := self.row:
            self._change(
                f"Enabling {row.title}",
                lambda: self._store.enable(row.id),
                f"{row.title} is enabled.",
            )

    def roll_back(self) -> None:
        """Roll back to the previous version."""
        if row := self.row:
            self._change(
                f"Rolling {row.title} back",
                lambda: self._store.rollback(row.id),
                f"{row.title} is back at {row.previous}. Roll back again for {row.version}.",
            )

    def uninstall_question(self) -> Confirmation | None:
        """Return what to ask before uninstalling; None, with `failed`, while a job needs it."""
        row = self.row
        if row is None:
            return None
        if needing := self._workspace.queue.unfinished_titles(row.id):
            self.failed.emit(
                f"{row.title} is needed by {', '.join(needing)}, expected no waiting or "
                "running job: stop it, or wait until it has finished."
            )
            return None
        versions = f"{row.version} and {row.previous}" if row.previous else row.version
        goes = (f"Its files go, of {versions or 'every version'}.", *row.contents)
        return Confirmation(
            question=f"Uninstall {row.title}?",
            lines=(*goes, RESULTS_KEPT, "This cannot be undone; Disable keeps the files."),
            accept="Uninstall",
        )

    def uninstall(self) -> None:
        """Uninstall the plugin that is shown; the caller has asked."""
        if row := self.row:
            self._change(
                f"Uninstalling {row.title}",
                lambda: self._store.uninstall(row.id),
                f"{row.title} and all its versions are uninstalled. {RESULTS_KEPT}",
            )

    def _change(
        self, title: str, work: Callable[[], object], message: str, shown: str = ""
    ) -> None:
        """Change the store, then reload all forms; `shown` is the id of the plugin to show."""

        def change() -> None:
            work()
            Catalogue.load(self._workspace.studio.profile)  # cached: the window does not scan again

        def done(_value: object) -> None:
            self.selected, self._verification_shown = shown or self.selected, False
            self._workspace.refresh()
            self.background_task.end(message)

        self.background_task.run(title, change, done)

    def _ask(self, inspected: InspectedPlugin) -> None:
        self._inspected = inspected
        self.consent_asked.emit(consent_text(inspected.sheet))

    def _on_verified(self, reason: str) -> None:
        if reason:
            self.background_task.fail(reason)
        else:
            self.background_task.end(self.verification.verdict)
