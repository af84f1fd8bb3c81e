"""The style sheet of plain widgets: flat, padded text, visible keyboard focus."""

from pathlib import Path

from seqstudio.gui.widgets.colours import Colours

# Qt style sheets can load images from files only. The tick is drawn on the accent colour; the grey
# of the arrows has a contrast of 3 or more on the background of every theme.
TICK_LIGHT, TICK_DARK = (Path(__file__).with_name(f"tick-{name}.svg") for name in ("light", "dark"))
UP, DOWN = (Path(__file__).with_name(f"chevron-{name}.svg") for name in ("up", "down"))
TEMPLATE = """
QDialog {{ background: {surface}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton, QToolButton {{
    background: {background}; color: {text}; border: 1px solid {line}; border-radius: 6px;
    padding: 5px 12px;
}}
QToolButton {{ padding: 5px; }}
QToolButton[autoRaise="true"] {{ background: transparent; border-color: transparent; }}
QPushButton:hover, QToolButton:hover {{ border-color: {muted}; }}
QToolButton[autoRaise="true"]:hover {{ background: {raised}; border-color: {line}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {line}; }}
QPushButton:checked, QToolButton:checked {{ border-color: {accent}; color: {accent}; }}
QPushButton[primary="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent};
    font-weight: bold; }}
QPushButton[primary="true"]:hover {{ border-color: {text}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {text}; }}
QPushButton:focus, QToolButton:focus {{ border: 2px solid {accent}; padding: 4px 11px; }}
QToolButton:focus {{ padding: 4px; }}
QPushButton[objectName="start button"] {{ text-align: left; padding: 8px 16px; }}
QPushButton:disabled, QToolButton:disabled, QPushButton[primary="true"]:disabled {{
    color: {muted}; background: {surface}; border-color: {line}; }}
QToolButton[autoRaise="true"]:disabled {{ background: transparent; border-color: transparent; }}
QToolButton[popupMode="2"] {{ padding: 5px 24px 5px 12px; }}
QToolButton[popupMode="2"]:focus {{ padding: 4px 23px 4px 11px; }}
QToolButton::menu-indicator {{ image: url("{down}"); width: 14px; height: 14px;
    subcontrol-origin: padding; subcontrol-position: center right; right: 6px; }}
#fold {{ padding: 4px 6px; font-weight: bold; }}
QMenu {{ background: {background}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {muted}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QMenu::indicator {{ left: 8px; width: 12px; height: 12px; }}
QMenuBar {{ background: {raised}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {accent}; color: {on_accent}; }}
QStatusBar {{ background: {raised}; border-top: 1px solid {line}; color: {text}; }}
QStatusBar::item {{ border: none; }}
#rail {{ background: {raised}; border: none; border-right: 1px solid {line}; }}
#rail QToolButton {{ background: transparent; color: {text}; border: 1px solid transparent;
    border-radius: 8px; padding: 3px 2px; }}
#rail QToolButton:hover {{ background: {surface}; }}
#rail QToolButton:checked {{ background: {background}; color: {accent};
    border: 1px solid {line}; border-left: 3px solid {accent}; font-weight: bold; }}
#rail QToolButton:focus {{ border: 2px solid {accent}; padding: 2px 1px; }}
#transport {{ background: {raised}; border: none; border-top: 1px solid {line}; }}
#header {{ background: {surface}; border: none; border-bottom: 1px solid {line}; }}
#library {{ background: {surface}; border-right: 1px solid {line}; }}
#card {{ background: {surface}; border: 1px solid {line}; border-radius: 8px; }}
#pop-over {{ background: {surface}; border: 1px solid {muted}; border-radius: 8px; }}
QSplitter::handle {{ background: {line}; image: none; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QTreeView, QListView, QTableView {{ padding: 4px; border: none; background: {background}; }}
QTreeView::item {{ padding: 4px; }}
QListView::item {{ padding: 4px; border-radius: 4px; }}
QTableView {{ gridline-color: {line}; }}
QTreeView::item:selected, QListView::item:selected {{ background: {accent}; color: {on_accent}; }}
QTreeView::item:hover:!selected, QListView::item:hover:!selected {{ background: {surface}; }}
QHeaderView::section {{ background: {surface}; color: {muted}; border: none;
    border-bottom: 1px solid {line}; padding: 4px 8px; }}
#palette {{ background: {surface}; border: 1px solid {muted}; border-radius: 8px; }}
QLineEdit {{ background: {background}; border: 1px solid {line}; border-radius: 6px;
    padding: 5px 8px; }}
QLineEdit:focus {{ border: 2px solid {accent}; padding: 4px 7px; }}
QLineEdit:disabled {{ color: {muted}; background: {surface}; }}
QTreeView QLineEdit, QListView QLineEdit, QTableView QLineEdit {{ padding: 0 2px; border: none; }}
QCheckBox::indicator, QTreeView::indicator, QListView::indicator {{
    width: 14px; height: 14px; border: 1px solid {muted};
    border-radius: 3px; background: {background}; }}
QCheckBox::indicator:focus {{ border-color: {accent}; }}
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked {{
    background: {accent}; border-color: {accent};
    image: url("{tick}"); }}
QTreeView::indicator:checked:selected {{ border-color: {on_accent}; }}
QCheckBox::indicator:disabled {{ background: {surface}; border-color: {line}; }}
QCheckBox::indicator:checked:disabled {{ background: {muted}; border-color: {muted}; }}
QSlider {{ min-height: 20px; }}
QSlider::groove:horizontal {{ height: 4px; background: {line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {line}; }}
QSlider::handle:horizontal {{ width: 10px; margin: -5px 0; border-radius: 7px;
    background: {background}; border: 2px solid {accent}; }}
QSlider::handle:horizontal:disabled {{ border-color: {line}; }}
QSlider:focus {{ border: 1px solid {accent}; border-radius: 4px; }}
QProgressBar {{ background: {line}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QTabBar::tab {{ padding: 6px 12px; background: transparent; color: {muted}; border: none;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:focus {{ color: {accent}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {line}; }}
QPlainTextEdit, QTextBrowser {{ background: {background}; border: 1px solid {line};
    border-radius: 6px; }}
QPlainTextEdit:focus {{ border: 1px solid {accent}; }}
QComboBox, QAbstractSpinBox {{ background: {background}; color: {text}; border: 1px solid {line};
    border-radius: 6px; padding: 4px 6px; min-height: 18px; }}
QComboBox:hover, QAbstractSpinBox:hover {{ border-color: {muted}; }}
QComboBox:focus, QAbstractSpinBox:focus {{ border: 2px solid {accent}; padding: 3px 5px; }}
QComboBox:disabled, QAbstractSpinBox:disabled {{ color: {muted}; background: {surface}; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QComboBox::down-arrow, QAbstractSpinBox::down-arrow {{ image: url("{down}"); width: 12px;
    height: 12px; }}
QAbstractSpinBox::up-arrow {{ image: url("{up}"); width: 12px; height: 12px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; width: 18px;
    background: transparent; }}
QComboBox QAbstractItemView {{ background: {background}; border: 1px solid {line}; padding: 4px;
    selection-background-color: {accent}; selection-color: {on_accent}; }}
QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ padding: 0; border: none;
    background: transparent; }}
QScrollBar {{ background: transparent; border: none; }}
QScrollBar:vertical {{ width: 12px; }}
QScrollBar:horizontal {{ height: 12px; }}
QScrollBar::handle {{ background: {faint}; border-radius: 4px; margin: 2px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:disabled {{ background: transparent; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QScrollArea {{ border: none; }}
"""


def style_sheet(colours: Colours) -> str:
    """Return the style sheet for a set of colours."""
    names = (
        "background", "surface", "raised", "text", "muted", "faint", "line", "accent", "on_accent"
    )  # fmt: skip
    tick = TICK_DARK if colours.on_accent.lightness() < 128 else TICK_LIGHT
    values = {name: getattr(colours, name).name() for name in names}
    files = {"tick": tick.as_posix(), "up": UP.as_posix(), "down": DOWN.as_posix()}
    return TEMPLATE.format_map({**values, **files})
