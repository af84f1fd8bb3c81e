"""Composing with models of two-bar melodies: a way from one point of the prior to another."""

from collections.abc import Sequence

import torch

from seqstudio.api import ConfigError, Job, LoadedModel, SamplingConfig, TakeSeed, stable_seed
from seqstudio.api.nn import interpolate_on_sphere
from seqstudio_music.composer import Composition, PieceSpec, refuse_hard
from seqstudio_music.grid import new_grid
from seqstudio_music.keys import key_name
from seqstudio_music.latent.points import TEMPO_BPM, decoded
from seqstudio_music.latent.task import LatentTask
from seqstudio_music.latent.windows import BAR_STEPS, MELODY, WINDOW_BARS, columns_of, joined
from seqstudio_music.voices.data import piece_key
from seqstudio_music.voices.notes import new_score


class LatentComposer:
    """Composes with models of `music.latent`."""

    task = LatentTask.name

    def generate(
        self,
        job: Job,
        model: LoadedModel,
        spec: PieceSpec,
        takes: Sequence[TakeSeed],
        config: SamplingConfig,
    ) -> list[Composition]:
        """Compose one melody for each take.

        Two bars are a draw of the prior; more of them lie on the way to another draw, so that they
        have something in common.

        Raises
        ------
        ConfigError
            If a key, a hard constraint or another meter than 4/4 is requested.
        """
        asked = ("key",) if spec.key else ()
        refuse_hard((*asked, *spec.hard.asked), model, "a model of two-bar melodies")
        if spec.meter != (4, 4):
            beats, unit = spec.meter
            raise ConfigError(f"meter={beats}/{unit}, expected 4/4 with {model.name}")
        windows = -(-spec.bars // WINDOW_BARS)
        draw = model.module.bridge.prior
        pairs = [draw([take.seed, stable_seed(take.seed, "end")]) for take in takes]
        points = torch.cat([interpolate_on_sphere(one[0], one[1], windows) for one in pairs])
        seeds = [stable_seed(take.seed, window) for take in takes for window in range(windows)]
        clips = decoded(job, model.module, points, config, seeds=seeds, on_progress=job.progress)
        pieces = []
        for first in range(0, len(clips), windows):
            whole = joined(clips[first : first + windows])[: spec.bars * BAR_STEPS]
            tokens, grid = columns_of(whole), new_grid(spec.bars, (4, 4))
            key = piece_key(MELODY.voices, MELODY.decode(tokens)[0])
            tempo_bpm = spec.tempo_bpm or TEMPO_BPM
            score = new_score(MELODY, tokens, grid, key=key, tempo_bpm=tempo_bpm)
            pieces.append(Composition(score, {"key": key_name(key)}))
        return pieces
