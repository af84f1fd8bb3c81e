"""How plain widgets look beyond their palette: flat, with room around words and a visible focus."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqstudio.gui.widgets.theme import Colours

# Drawn on the accent; Qt takes a picture of a style sheet from a file only.
TICK_LIGHT, TICK_DARK = (Path(__file__).with_name(f"tick-{name}.svg") for name in ("light", "dark"))
SHEET = """
QPushButton, QToolButton {{
    background: {ground}; color: {ink}; border: 1px solid {line}; border-radius: 4px;
    padding: 5px 12px;
}}
QToolButton {{ padding: 5px 10px; }}
QToolBar QToolButton {{ background: transparent; border-color: transparent; }}
QPushButton:hover, QToolButton:hover {{ border-color: {faint}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {line}; }}
QPushButton:checked, QToolButton:checked {{ border-color: {accent}; color: {accent}; }}
QPushButton:default {{ border-color: {accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {accent}; padding: 4px 11px; }}
QToolButton:focus {{ padding: 4px 9px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; background: {raised}; }}
QToolBar QToolButton:disabled {{ background: transparent; }}
QToolBar {{ background: {raised}; border: none; border-bottom: 1px solid {line};
    padding: 4px 8px; spacing: 4px; }}
QMenuBar {{ background: {raised}; padding: 2px 6px; }}
QStatusBar {{ background: {raised}; border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
QDockWidget {{ font-weight: bold; }}
QDockWidget::title {{ background: {raised}; padding: 8px 12px; }}
QTreeView, QListView, QTableView {{ padding: 4px; }}
QTreeView::item, QListView::item {{ padding: 3px 4px; }}
#palette {{ background: {raised}; border: 1px solid {faint}; border-radius: 6px; }}
QLineEdit {{ background: {ground}; border: 1px solid {line}; border-radius: 4px;
    padding: 5px 8px; }}
QLineEdit:focus {{ border: 2px solid {accent}; padding: 4px 7px; }}
QLineEdit:disabled {{ color: {faint}; background: {raised}; }}
QTreeView QLineEdit, QListView QLineEdit, QTableView QLineEdit {{ padding: 0 2px; border: none; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {faint};
    border-radius: 3px; background: {ground}; }}
QCheckBox::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent};
    image: url("{tick}"); }}
QCheckBox::indicator:disabled {{ background: {raised}; border-color: {line}; }}
QCheckBox::indicator:checked:disabled {{ background: {faint}; border-color: {faint}; }}
QAbstractSpinBox {{ min-height: 22px; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ padding: 0; border: none; }}
"""


def sheet_of(colours: "Colours") -> str:
    """Write the style sheet of a set of colours."""
    names = ("ground", "raised", "ink", "faint", "line", "accent")
    tick = TICK_DARK if colours.on_accent.lightness() < 128 else TICK_LIGHT
    words = {name: getattr(colours, name).name() for name in names}
    return SHEET.format_map({**words, "tick": tick.as_posix()})
