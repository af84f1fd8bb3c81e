"""The forecast plugin: densities of what comes next in a time series, and anomalies in one."""

from collections.abc import Iterable

from seqstudio.api import Exporter, Importer, Operation, Task, hookimpl
from seqstudio_forecast.charts import ChartExporter
from seqstudio_forecast.data import NabImporter
from seqstudio_forecast.detect import Detect
from seqstudio_forecast.predict import Predict
from seqstudio_forecast.task import SeriesTask


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the task of series."""
    return [SeriesTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations that forecast tables and find anomalies in them."""
    return [Predict(), Detect()]


@hookimpl
def seqstudio_importers() -> Iterable[Importer]:
    """Return the importer of the Numenta benchmark."""
    return [NabImporter()]


@hookimpl
def seqstudio_exporters() -> Iterable[Exporter]:
    """Return the exporter that draws forecasts and anomalies."""
    return [ChartExporter()]
