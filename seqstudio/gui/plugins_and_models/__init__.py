"""Plugins and models: looked at, installed with consent, switched, removed."""
