"""Use cases over core and contracts: training, sampling, bundles, evaluation."""
