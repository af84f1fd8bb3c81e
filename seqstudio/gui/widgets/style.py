"""The style sheet of plain widgets: flat, padded text, visible keyboard focus."""

from pathlib import Path

from seqstudio.gui.widgets.colours import Colours

# Drawn on the accent colour. Qt style sheets can load images from files only.
TICK_LIGHT, TICK_DARK = (Path(__file__).with_name(f"tick-{name}.svg") for name in ("light", "dark"))
TEMPLATE = """
QPushButton, QToolButton {{
    background: {background}; color: {text}; border: 1px solid {line}; border-radius: 4px;
    padding: 5px 12px;
}}
QToolButton {{ padding: 5px 10px; }}
QToolBar QToolButton {{ background: transparent; border-color: transparent; }}
QPushButton:hover, QToolButton:hover {{ border-color: {muted}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {line}; }}
QPushButton:checked, QToolButton:checked {{ border-color: {accent}; color: {accent}; }}
QPushButton:default {{ border-color: {accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {accent}; padding: 4px 11px; }}
QToolButton:focus {{ padding: 4px 9px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {muted}; background: {surface}; }}
QToolBar QToolButton:disabled {{ background: transparent; }}
QToolBar {{ background: {surface}; border: none; border-bottom: 1px solid {line};
    padding: 4px 8px; spacing: 4px; }}
QMenuBar {{ background: {surface}; padding: 2px 6px; }}
QStatusBar {{ background: {surface}; border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
QDockWidget {{ font-weight: bold; }}
QDockWidget::title {{ background: {surface}; padding: 8px 12px; }}
QTreeView, QListView, QTableView {{ padding: 4px; }}
QTreeView::item, QListView::item {{ padding: 3px 4px; }}
#palette {{ background: {surface}; border: 1px solid {muted}; border-radius: 6px; }}
QLineEdit {{ background: {background}; border: 1px solid {line}; border-radius: 4px;
    padding: 5px 8px; }}
QLineEdit:focus {{ border: 2px solid {accent}; padding: 4px 7px; }}
QLineEdit:disabled {{ color: {muted}; background: {surface}; }}
QTreeView QLineEdit, QListView QLineEdit, QTableView QLineEdit {{ padding: 0 2px; border: none; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {muted};
    border-radius: 3px; background: {background}; }}
QCheckBox::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent};
    image: url("{tick}"); }}
QCheckBox::indicator:disabled {{ background: {surface}; border-color: {line}; }}
QCheckBox::indicator:checked:disabled {{ background: {muted}; border-color: {muted}; }}
QAbstractSpinBox {{ min-height: 22px; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ padding: 0; border: none; }}
"""


def style_sheet(colours: Colours) -> str:
    """Return the style sheet for a set of colours."""
    names = ("background", "surface", "text", "muted", "line", "accent")
    tick = TICK_DARK if colours.on_accent.lightness() < 128 else TICK_LIGHT
    values = {name: getattr(colours, name).name() for name in names}
    return TEMPLATE.format_map({**values, "tick": tick.as_posix()})
