from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seqstudio.contracts.plain import to_plain
from seqstudio.core.gradient_flow import GradientFlow, gradient_flow_verdict
from seqstudio.errors import DataError
from seqstudio.services.gradient_flow_plot import draw_flow

FADING = GradientFlow(
    by_layer={"encoder": 1.0},
    lags=(0, 1, 2, 4, 8),
    by_lag={"encoder.0": (1.0, 0.5, 0.25, 0.06, 0.004), "encoder.1": (1.0, 0.9, 0.8)},
)


def test_the_plot_has_a_curve_for_each_layer(tmp_path: Path) -> None:
    draw_flow({**to_plain(FADING), "verdict": gradient_flow_verdict(FADING)}, tmp_path / "flow.png")
    with Image.open(tmp_path / "flow.png") as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture.convert("RGB"), dtype=int).reshape(-1, 3)
    strong = pixels[np.ptp(pixels, axis=1) > 80]
    assert len(np.unique(strong, axis=0)) >= 2


def test_an_empty_gradient_flow_cannot_be_plotted(tmp_path: Path) -> None:
    nothing = {"lags": [], "by_lag": {}, "verdict": ""}
    with pytest.raises(DataError):
        draw_flow(nothing, tmp_path / "flow.png")
