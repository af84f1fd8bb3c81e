"""Installed plugins and models, found from their manifests without importing any code."""
