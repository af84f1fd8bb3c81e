"""A plot of the gradient flow measured in a training step. Torch-free."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.media.line_chart import draw_line_chart


def draw_flow(flow: Mapping[str, Any], path: Path) -> None:
    """Plot the gradient norm over time lags, one curve for each recurrent layer, as PNG.

    Parameters
    ----------
    flow : the `gradient_flow` of a `TrainingStep` event
    path : the file to write

    Raises
    ------
    DataError
        If no norm is positive.
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
