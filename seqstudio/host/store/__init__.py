"""The plugin store: wheels are inspected, agreed to, probed, and switched on in one step."""
