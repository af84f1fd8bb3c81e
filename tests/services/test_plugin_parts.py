from pathlib import Path

import pytest
import torch
from letters_task import EightLetters, LettersTask
from torch.testing import assert_close
from toy_parts import BarTask, RepeatTask, places, sample_letters, seqstudio_parts

from seqstudio.contracts.job import SamplingConfig, TakeSeed
from seqstudio.core.parts import with_plugin_parts
from seqstudio.errors import ModelError
from seqstudio.services.bundles import LoadedBundle, load_bundle
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.sampling import sample
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

PARTS = with_plugin_parts(seqstudio_parts())


def trained(task: LettersTask, letters: Path, epochs: int) -> tuple[LoadedBundle, list[float]]:
    """Train with the training service; return the bundle, loaded again, and the valid losses."""
    job = TrainJob(
        data=letters,
        run=letters.parent / "run",
        settings=(f"epochs={epochs}", "average=1", "learning_rate=0.03", "shift=false"),
    )
    requires = {spec.name: "toy>=1.0" for spec in seqstudio_parts()}
    context = PluginContext(plugin="toy", plugin_version="1.0", parts=PARTS, requires=requires)
    events = list(run_train_job(job, task, context))
    losses = [event.value for event in events if isinstance(event, Evaluated)]
    steps = [event for event in events if isinstance(event, TrainingStep)]
    if isinstance(task, RepeatTask):
        assert steps[0].parts["bridge"] > 0
    return load_bundle(job.run / "model", task, parts=PARTS), losses


def test_a_plugins_own_past_input_is_trained_stored_and_sampled(letters: Path) -> None:
    model, losses = trained(BarTask(), letters, epochs=3)
    assert losses[-1] < losses[0] - 0.1

    tokens = sample_letters(model, seed=1)
    whole = model.module.decode(
        torch.tensor([tokens]), torch.tensor([8]), covariates=places(8)[None]
    ).detach()
    logits, state = model.module.start(1, covariates=places(8))
    for step, token in enumerate(tokens):
        assert_close(logits[0], whole[0, step], atol=1e-6, rtol=1e-6)
        logits, state = model.module.step(torch.tensor([token]), state)


def test_a_plugins_own_bridge_and_attention_are_trained_stored_and_sampled(letters: Path) -> None:
    model, losses = trained(RepeatTask(), letters, epochs=4)
    assert losses[-1] < losses[0] - 0.1

    line = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]])
    encoded = model.module.encode(line, torch.tensor([8]))
    takes, best = [TakeSeed(1, seed=3)], SamplingConfig(temperature=0)
    sampled = sample(model.module, [()], takes, EightLetters(), best, encoded=encoded)
    drawn = [token for _, token in sampled]
    whole = model.module.decode(torch.tensor([drawn]), torch.tensor([8]), encoded=encoded)
    assert whole[0].argmax(dim=-1).tolist() == drawn


def test_a_bundle_names_the_plugin_of_an_inner_part(letters: Path) -> None:
    trained(BarTask(), letters, epochs=1)
    with pytest.raises(ModelError, match=r"part 'toy\.bar' is not installed, expected plugin toy"):
        load_bundle(letters.parent / "run" / "model", BarTask())
