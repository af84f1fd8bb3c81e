"""Trying a plugin by the conformance suite, off the window's thread, check by check."""

import subprocess
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.widgets.facts import Fact, Group
from seqstudio.gui.workspace.background import Background
from seqstudio.host.conformance.check import Check
from seqstudio.host.conformance.isolated import verify

OUTCOMES = {"pass": "passed", "fail": "failed", "skip": "not tried"}


class PluginTrial(QObject):
    """One trial at a time; nothing is installed."""

    changed = Signal()
    ended = Signal(str)  # why it ended early; "" where it came to its end

    _came = Signal(object)  # from the thread

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self.subject = ""  # the file's name
        self.checks: tuple[Check, ...] = ()
        self._process: subprocess.Popen[str] | None = None
        self._came.connect(self._add)

    def start(self, path: Path) -> None:
        """Try a wheel, a folder of wheels or a project; its code is run, in a profile apart."""
        self.subject, self.checks = path.name, ()
        self._background.run(
            lambda: self._run(path), lambda _: self.ended.emit(""), self.ended.emit
        )

    @property
    def failed(self) -> int:
        """How many checks failed."""
        return sum(check.outcome == "fail" for check in self.checks)

    @property
    def verdict(self) -> str:
        """Say how it came out."""
        if self.failed:
            return f"{self.subject}: {self.failed} of {len(self.checks)} checks failed."
        if skipped := sum(check.outcome == "skip" for check in self.checks):
            passed = len(self.checks) - skipped
            return f"{self.subject}: {passed} checks passed, {skipped} could not be tried."
        return f"{self.subject}: all {len(self.checks)} checks passed."

    def group(self) -> Group:
        """Give the checks so far as facts."""
        facts = (Fact(OUTCOMES[one.outcome], said(one)) for one in self.checks)
        return Group(f"Checks of {self.subject}", tuple(facts))

    def stop(self) -> None:
        """End a trial that is under way, at once."""
        if self._process:
            self._process.kill()

    def _run(self, path: Path) -> None:
        for check in verify(str(path), began=self._hold):
            self._came.emit(check)

    def _hold(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        if self._background.ending:
            process.kill()

    def _add(self, check: Check) -> None:
        self.checks = (*self.checks, check)
        self.changed.emit()


def said(check: Check) -> str:
    """Write a check with its figure or fault."""
    return f"{check.name}: {check.said}" if check.said else check.name
