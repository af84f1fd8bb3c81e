"""The plugin store: inspect a wheel, ask for consent, probe it, enable it in one atomic step."""
