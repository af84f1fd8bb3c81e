"""The result of one conformance check."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `detail` has a measurement, or the reason why the check failed or was skipped."""

    name: str
    outcome: Outcome
    detail: str = ""


def check_result(name: str, fault: str, detail: str = "") -> Check:
    """Return a failed check if there is a fault, else a passed one."""
    return Check(name=name, outcome="fail" if fault else "pass", detail=fault or detail)
