"""A picture of the gradient flow that a training step reports. Torch-free."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.media.line_chart import draw_line_chart


def draw_flow(flow: Mapping[str, Any], path: Path) -> None:
    """Draw how the gradient fades over time, one curve for each recurrent layer, as PNG.

    Parameters
    ----------
    flow : `flow` of a `Step` event that measured it
    path : a new file

    Raises
    ------
    DataError
        If the flow holds no positive norm.
    """
    curves = {
        name: list(zip(flow["lags"], norms, strict=False)) for name, norms in flow["by_lag"].items()
    }
    draw_line_chart(
        curves,
        path,
        x_label="steps back from the last",
        y_label="gradient norm",
        title=f"Gradient flow: {flow['verdict'].partition(':')[0]}",
        log_y=True,
    )
