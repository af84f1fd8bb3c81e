"""The conformance suite: what every plugin must do, tried on real jobs in a profile of its own."""
