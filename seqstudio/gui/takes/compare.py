"""Takes beside each other: what differs between the first and each of the others."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.takes.summary import Keys, TakeSummary, summarise
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.text_format import count_text
from seqstudio.session.document import Take


class ComparisonModel(QObject):
    """Compares takes on a thread; the first with the second, the others with the first.

    Parameters
    ----------
    workspace : whose takes
    takes : two or more, in their present states
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(
        self, workspace: Workspace, takes: Sequence[Take], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.takes = tuple(takes)
        self._summaries: dict[str, TakeSummary] = {}
        for number, take in enumerate(self.takes):
            other = self.takes[1] if number == 0 else self.takes[0]
            workspace.background.run(partial(summarise, take, other), self._keep, self.failed.emit)

    def summary(self, take: Take) -> TakeSummary | None:
        """Return the summary of a take, with the notes that the other lacks marked as new."""
        return self._summaries.get(take.id)

    @property
    def beats(self) -> float:
        """The length of the longest take, in quarter notes."""
        return max((one.beats for one in self._summaries.values()), default=0.0)

    @property
    def keys(self) -> Keys:
        """The lowest and the highest key of all takes, which share one axis."""
        each = [one.keys for one in self._summaries.values()] or [(60, 60)]
        return min(low for low, _ in each), max(high for _, high in each)

    def text(self, take: Take) -> str:
        """Say what differs."""
        summary = self.summary(take)
        if summary is None or summary.parent is None:
            return "Comparing…"
        if not summary.added and not summary.missing:
            return f"same notes as {summary.parent.name}"
        alone, lacking = count_text(summary.added, "note"), count_text(summary.missing, "note")
        bars = ", ".join(str(1 + summary.bars.index(start)) for start, _ in summary.spans[:6])
        where = f" (from bar {bars})" if bars else ""
        return f"{alone} not in {summary.parent.name}{where}, without {lacking} of it"

    def _keep(self, summary: TakeSummary) -> None:
        self._summaries[summary.take.id] = summary
        self.changed.emit()
