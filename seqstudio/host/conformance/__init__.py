"""The conformance suite: checks that every plugin must pass, run as real jobs in a new profile."""
