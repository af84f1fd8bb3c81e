"""One thing that was tried, and how it came out."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`said` has the figure, or why it failed or could not be tried."""

    name: str
    outcome: Literal["pass", "fail", "skip"]
    detail: str = ""


def check_result(name: str, fault: str, detail: str = "") -> Check:
    """Give a check that passed, unless there is a fault."""
    return Check(name=name, outcome="fail" if fault else "pass", detail=fault or detail)
