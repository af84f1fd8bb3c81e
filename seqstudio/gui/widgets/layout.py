"""Box layouts with explicit margins and spacing in place of Qt's defaults."""

from typing import TypeVar

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

Margins = int | tuple[int, int, int, int]  # pixels: all around, or left, top, right, bottom
L = TypeVar("L", bound=QBoxLayout)


def column(parent: QWidget | None = None, *, margins: Margins = 0, spacing: int = 0) -> QVBoxLayout:
    """Return a vertical layout, installed on `parent` if there is one."""
    return _spaced(QVBoxLayout() if parent is None else QVBoxLayout(parent), margins, spacing)


def row(parent: QWidget | None = None, *, margins: Margins = 0, spacing: int = 8) -> QHBoxLayout:
    """Return a horizontal layout, installed on `parent` if there is one."""
    return _spaced(QHBoxLayout() if parent is None else QHBoxLayout(parent), margins, spacing)


def _spaced(layout: L, margins: Margins, spacing: int) -> L:
    layout.setContentsMargins(*((margins,) * 4 if isinstance(margins, int) else margins))
    layout.setSpacing(spacing)
    return layout
