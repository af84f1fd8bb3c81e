"""Comparing texts with references: aligned errors, confusions, intervals and a paired test."""
