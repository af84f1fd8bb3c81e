"""Runs the conformance suite on a plugin in the background and collects its checks."""

import subprocess
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.widgets.facts import Fact, FactGroup
from seqstudio.gui.workspace.background import Background
from seqstudio.host.conformance.check import Check
from seqstudio.host.conformance.isolated import verify

OUTCOMES = {"pass": "passed", "fail": "failed", "skip": "skipped"}


class PluginVerification(QObject):
    """Runs one verification at a time; nothing is installed."""

    changed = Signal()
    ended = Signal(str)  # why it ended early; "" if all checks ran

    _checked = Signal(object)  # emitted on the worker thread

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.subject = ""  # the name of the file
        self.checks: tuple[Check, ...] = ()
        self._process: subprocess.Popen[str] | None = None
        self._checked.connect(self._add)

    def start(self, path: Path) -> None:
        """Verify a wheel, a folder of wheels or a project; its code runs in a separate profile."""
        self.subject, self.checks = path.name, ()
        self._background.run(
            lambda: self._run(path), lambda _: self.ended.emit(""), self.ended.emit
        )

    @property
    def failed(self) -> int:
        """The number of failed checks."""
        return sum(check.outcome == "fail" for check in self.checks)

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        if self.failed:
            return f"{self.subject}: {self.failed} of {len(self.checks)} checks failed."
        if skipped := sum(check.outcome == "skip" for check in self.checks):
            passed = len(self.checks) - skipped
            return f"{self.subject}: {passed} checks passed, {skipped} were skipped."
        return f"{self.subject}: all {len(self.checks)} checks passed."

    def group(self) -> FactGroup:
        """Return the checks so far as facts."""
        facts = (Fact(OUTCOMES[check.outcome], check_text(check)) for check in self.checks)
        return FactGroup(f"Checks of {self.subject}", tuple(facts))

    def stop(self) -> None:
        """Kill the verification that is running."""
        if self._process:
            self._process.kill()

    def _run(self, path: Path) -> None:
        for check in verify(str(path), on_start=self._set_process):
            self._checked.emit(check)

    def _set_process(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        if self._background.stopping:
            process.kill()

    def _add(self, check: Check) -> None:
        self.checks = (*self.checks, check)
        self.changed.emit()


def check_text(check: Check) -> str:
    """Write a check with its details."""
    return f"{check.name}: {check.detail}" if check.detail else check.name
