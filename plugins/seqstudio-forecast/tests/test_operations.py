"""`predict` and `detect`: tables in, tables and pictures out."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import seqstudio_forecast
from PIL import Image
from seqstudio_forecast.charts import ChartExporter
from seqstudio_forecast.data import NabImporter
from seqstudio_forecast.detect import Detect
from seqstudio_forecast.predict import Predict
from seqstudio_forecast.task import SeriesTask
from small_series import OneModelJob, as_csv, hourly

from seqstudio.api import DataError, Ledger, Request, Table
from seqstudio.contracts.manifest import parse_manifest
from seqstudio.host.worker.task_check import check_task

Write = Callable[..., Path]
PREDICT = {"steps": 6, "columns": []}
DETECT = {"columns": [], "probation": 0}


def request(path: Path, options: dict[str, object]) -> Request:
    return Request(inputs={"table": (path,)}, options=options)


def test_a_forecast_has_ordered_intervals_at_the_next_times(job: OneModelJob, write: Write) -> None:
    (result,) = Predict().run(request(write(as_csv(hourly(10))), PREDICT), job)  # type: ignore[arg-type]
    table = result.outputs["forecast"]

    assert isinstance(table, Table)
    assert [row[0] for row in table.rows][:2] == ["2024-01-11T00:00:00", "2024-01-11T01:00:00"]
    assert len(table.rows) == 6
    for _, name, median, low_80, high_80, low_95, high_95 in table.rows:
        assert name == "value"
        assert low_95 < low_80 < median < high_80 < high_95  # type: ignore[operator]
    assert "the 80 % interval held" in result.summary


def test_both_operations_draw_a_picture(job: OneModelJob, write: Write, tmp_path: Path) -> None:
    path = write(as_csv(hourly(10)))
    for operation, options, output in (
        (Predict(), PREDICT, "forecast"),
        (Detect(), DETECT, "anomalies"),
    ):
        (result,) = operation.run(request(path, options), job)  # type: ignore[attr-defined]
        ChartExporter().write(result.outputs[output], tmp_path / "chart.png")
        with Image.open(tmp_path / "chart.png") as picture:
            assert picture.width == 960


def test_detection_judges_every_row_and_nothing_is_lost(job: OneModelJob, write: Write) -> None:
    (result,) = Detect().run(request(write(as_csv(hourly(10))), DETECT), job)  # type: ignore[arg-type]
    table = result.outputs["anomalies"]

    assert isinstance(table, Table)
    assert len(table.rows) == 240
    assert [row[3] for row in table.rows[:36]] == [0.0] * 36


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 7, "columns": []}, "^steps=7, expected at most 6, as untrained forecasts$"),
        ({"steps": 6, "columns": ["x"]}, "table.csv: no column 'x', expected one of: value$"),
    ],
)
def test_a_forecast_that_cannot_be_made_is_named(
    options: dict[str, object], said: str, job: OneModelJob, write: Write
) -> None:
    with pytest.raises(DataError, match=said):
        list(Predict().run(request(write(as_csv(hourly(3))), options), job))  # type: ignore[arg-type]


def test_too_few_rows_to_judge_are_named(job: OneModelJob, write: Write) -> None:
    path = write("t,v\n2024-01-01,1\n2024-01-02,2\n")
    with pytest.raises(DataError, match="2 rows, 0 of them to learn from, expected more"):
        list(Detect().run(request(path, DETECT), job))  # type: ignore[arg-type]


def test_a_folder_is_read_with_a_ledger(write: Write, tmp_path: Path) -> None:
    write(as_csv(hourly(10)), "good.csv")
    write("a,b\nx,y\nz,w\n", "words.csv")
    write("t,v\n2024-01-01,1\n2024-01-02,2\n", "short.csv")
    ledger = Ledger()
    examples = list(SeriesTask().read(tmp_path, ledger))

    assert [(e.split, e.start, e.stop) for e in examples] == [
        ("train", 0, 144),
        ("valid", 144, 192),
        ("test", 192, 240),
    ]
    assert ledger.used == ["good.csv:value"]
    assert set(ledger.refused) == {"words.csv", "short.csv:v"}


def test_training_sees_the_probationary_part_of_the_benchmark_alone(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text(as_csv(hourly(10)))
    (tmp_path / "labels" / "combined_windows.json").write_text(
        '{"a.csv": [["2024-01-05 00:00:00.000000", "2024-01-05 05:00:00.000000"]]}'
    )
    examples = list(NabImporter().read(tmp_path, Ledger()))

    assert NabImporter().recognises(tmp_path)
    assert [(e.split, e.start, e.stop) for e in examples] == [
        ("train", 0, 29),
        ("valid", 29, 36),
        ("test", 36, 240),
    ]
    assert [(w.first, w.last) for w in examples[2].windows] == [(96, 101)]


def test_measuring_gives_crps_coverage_and_the_score_of_the_benchmark(
    job: OneModelJob, write: Write
) -> None:
    from dataclasses import replace

    (example,) = [e for e in SeriesTask().read(write(as_csv(hourly(10))), Ledger()) if
                  e.split == "test"]  # fmt: skip
    (found,) = SeriesTask().measure(job.loaded, [replace(example, labelled=True)])

    assert {"crps", "coverage_80", "crps_random_walk", "crps_seasonal_naive", "nab"} <= set(
        found.sums
    )
    assert found.sums["nab"][1] == 0.0
    assert found.detail["origins"] == 8


def test_the_manifest_is_what_the_code_says() -> None:
    path = Path(seqstudio_forecast.__file__).parent / "seqstudio.toml"
    declared = parse_manifest(tomllib.loads(path.read_text()), str(path))

    assert {o.name for o in declared.operations} == {"predict", "detect"}
    (entry,) = declared.tasks
    check_task(entry, SeriesTask())
