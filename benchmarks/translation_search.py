"""BLEU of a translator by the width of its beam, the normalisation of length, and coverage.

`python benchmarks/translation_search.py MODEL FOLDER [LINES]` translates the first lines of the
valid part of FOLDER, as `seqstudio evaluate MODEL FOLDER --split valid` translates all of them.
"""

import sys
import time
from pathlib import Path

import torch
from seqstudio_text import seqstudio_parts
from seqstudio_text.translate.bleu import CASED, corpus_bleu, sentence_statistics
from seqstudio_text.translate.search import translate_lines
from seqstudio_text.translate.task import TranslateTask

from seqstudio.api import BeamConfig, Ledger
from seqstudio.api.nn import with_plugin_parts
from seqstudio.services.bundles import load_bundle

AT_ONCE = 32
SEARCHES = [BeamConfig(beam=beam) for beam in (1, 4, 8, 12)]
SEARCHES += [BeamConfig(beam=4, alpha=alpha) for alpha in (0.0, 1.0, 1.4)]
SEARCHES += [BeamConfig(beam=4, coverage=coverage) for coverage in (0.1, 0.3)]
SEARCHES += [BeamConfig(beam=4, alpha=alpha, coverage=0.3) for alpha in (1.0, 1.4)]


def main(bundle: str, folder: Path, count: int) -> None:
    """Print a row for each way to search."""
    task = TranslateTask()
    model = load_bundle(bundle, task, parts=with_plugin_parts(seqstudio_parts()))
    lines = [one for one in task.read(folder, Ledger()) if one.split == "valid"][:count]
    source, target = model.settings.source, model.settings.target
    for search in SEARCHES:
        start_s, rows = time.process_time(), []
        for first in range(0, len(lines), AT_ONCE):
            some = lines[first : first + AT_ONCE]
            found = translate_lines(model, [one.texts[source] for one in some], search=search)
            for one, best in zip(some, found, strict=True):
                rows.append(sentence_statistics(best[0].text, one.texts[target])[CASED])
        print(
            f"beam {search.beam}, alpha {search.alpha:g}, coverage {search.coverage:g}: "
            f"BLEU {corpus_bleu(rows, lowercase=False):.2f}, {time.process_time() - start_s:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1014)
