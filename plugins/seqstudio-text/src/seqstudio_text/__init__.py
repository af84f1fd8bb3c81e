"""The text plugin: sentiment, named entities, writing and translation."""

from collections.abc import Iterable

from seqstudio.api import Exporter, Metric, Operation, PartSpec, Task, hookimpl
from seqstudio_text.classify.operation import Classify
from seqstudio_text.classify.task import ClassifyTask
from seqstudio_text.tag.operation import Tag
from seqstudio_text.tag.task import TagTask
from seqstudio_text.translate.bleu import Bleu
from seqstudio_text.translate.operation import Translate
from seqstudio_text.translate.pictures import AttentionExporter
from seqstudio_text.translate.task import TranslateTask
from seqstudio_text.write.operation import Write
from seqstudio_text.write.task import WriteTask


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks."""
    return [ClassifyTask(), TagTask(), WriteTask(), TranslateTask()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations."""
    return [Classify(), Tag(), Write(), Translate()]


@hookimpl
def seqstudio_exporters() -> Iterable[Exporter]:
    """Return the exporter that draws attention."""
    return [AttentionExporter()]


@hookimpl
def seqstudio_metrics() -> Iterable[Metric]:
    """Return BLEU, which is computed over a whole set."""
    return [Bleu()]


@hookimpl
def seqstudio_parts() -> Iterable[PartSpec]:
    """Return the parts that models of text are built from."""
    from seqstudio_text.parts import BesideConfig, FeaturesConfig, build_beside, build_features
    from seqstudio_text.tag.crf import CrfConfig, build_crf
    from seqstudio_text.write.ngrams import NGramsConfig, build_ngrams

    return [
        PartSpec(FeaturesConfig.part, FeaturesConfig, build_features),
        PartSpec(BesideConfig.part, BesideConfig, build_beside),
        PartSpec(CrfConfig.part, CrfConfig, build_crf),
        PartSpec(NGramsConfig.part, NGramsConfig, build_ngrams),
    ]
