"""The transport at the bottom of every page: play, stop, repeat, position, speed and volume."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFrame, QSizePolicy, QSlider, QWidget

from seqstudio.gui.sound.transport import SPEEDS, Transport
from seqstudio.gui.widgets.icons import IconButton
from seqstudio.gui.widgets.label import Label, plain_tooltip
from seqstudio.gui.widgets.layout import row
from seqstudio.gui.widgets.metrics import LARGE, MEDIUM, SLIDER, SMALL, TIGHT, TIME, TRANSPORT
from seqstudio.gui.workspace.commands import Command, Commands

STEPS = 1000  # of the position's slider
MENU = "Play"


def add_transport_commands(commands: Commands, transport: Transport) -> None:
    """Add the commands of the transport; they work on every page."""
    player = transport.player
    for name, title, keys, help, run, checked in (
        ("play", "Play", "Space", "Play, or stop.", transport.toggle, None),
        ("start", "Go to the start", "Ctrl+Shift+Home", "", lambda: transport.seek(0.0), None),
        ("back", "3 s back", "Ctrl+Shift+B", "Hear it again.", transport.go_back, None),
        (
            "loop", "Repeat", "Ctrl+L", "Repeat the selection, or all.",
            lambda: transport.set_looping(looping=not transport.looping),
            lambda: transport.looping,
        ),
        (
            "metronome", "Metronome", "Ctrl+Shift+K", "Hear the beats of a piece.",
            lambda: transport.set_metronome(on=not transport.metronome),
            lambda: transport.metronome,
        ),
        ("slower", "Slower", "Ctrl+<", "", lambda: transport.step_speed(-1), None),
        ("faster", "Faster", "Ctrl+>", "", lambda: transport.step_speed(1), None),
    ):  # fmt: skip
        ready = (lambda: transport.ready) if name in ("play", "start", "back") else None
        command = Command(f"transport.{name}", title, MENU, keys, help)
        commands.add(command, run, ready=ready, checked=checked)
    recorder = transport.recorder
    record = Command(
        "transport.record", "Record", MENU, "Ctrl+R", "Record from the microphone into the session."
    )
    commands.add(record, recorder.toggle, checked=lambda: recorder.recording)
    look = Command(
        "transport.look", "Look for a sound device", MENU, "Ctrl+Shift+L", "After plugging one in."
    )
    commands.add(look, player.look_again, ready=lambda: bool(player.reason))


class TransportBar(QFrame):
    """Shows a `Transport`."""

    def __init__(self, transport: Transport, commands: Commands, parent: QWidget) -> None:
        super().__init__(parent)
        self._transport, self._commands = transport, commands
        self._state: tuple[object, ...] = ()
        self.setObjectName("transport")
        self.setAccessibleName("Transport")
        self.setFixedHeight(TRANSPORT)
        self.play, self.back, self.record, self.loop, self.metronome = (
            IconButton(commands.action(f"transport.{name}"), picture, self)
            for name, picture in (
                ("play", "play"),
                ("back", "rewind"),
                ("record", "mic"),
                ("loop", "repeat"),
                ("metronome", "metronome"),
            )
        )
        self.title, self.time = Label(self), Label(self)
        self.position, self.volume = (QSlider(Qt.Orientation.Horizontal, self) for _ in range(2))
        self.speed = QComboBox(self)
        self._lay_out()
        self._connect()
        self.draw()

    def draw(self) -> None:
        """Show the state of the transport."""
        transport = self._transport
        player = transport.player
        self.title.setText(transport.title)
        self.title.setToolTip(plain_tooltip(transport.title))
        self.play.set_icon("square" if player.playing else "play")
        self._commands.set_text("transport.play", "Stop" if player.playing else "Play")
        with QSignalBlocker(self.speed), QSignalBlocker(self.volume):
            self.speed.setCurrentIndex(SPEEDS.index(player.speed))
            self.volume.setValue(round(100 * player.volume))
        self.position.setEnabled(transport.ready)
        self.draw_position()
        state = (
            transport.ready, player.reason, transport.looping, transport.metronome,
            transport.recorder.recording,
        )  # fmt: skip
        if state != self._state:
            self._state = state
            self._commands.refresh()

    def draw_position(self) -> None:
        """Show the second that is heard."""
        transport = self._transport
        self.time.setText(transport.time_text)
        if not self.position.isSliderDown():
            with QSignalBlocker(self.position):
                share = transport.position_s / transport.length_s if transport.length_s else 0.0
                self.position.setValue(round(STEPS * min(share, 1.0)))

    def _connect(self) -> None:
        transport = self._transport
        transport.changed.connect(self.draw)
        transport.moved.connect(self.draw_position)
        self.position.valueChanged.connect(
            lambda value: transport.seek(value / STEPS * transport.length_s)
        )
        self.volume.valueChanged.connect(lambda value: transport.player.set_volume(value / 100))
        self.speed.activated.connect(lambda at: transport.player.set_speed(SPEEDS[at]))

    def _lay_out(self) -> None:
        self.position.setRange(0, STEPS)
        self.position.setAccessibleName("Position")
        self.volume.setRange(0, 100)
        self.volume.setFixedWidth(SLIDER)
        self.volume.setAccessibleName("Volume")
        self.volume.setToolTip("Volume")
        self.speed.addItems([f"{speed:g} x" for speed in SPEEDS])
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Speed, at the same pitch")
        self.time.setAccessibleName("Position and length")
        self.time.setMinimumWidth(TIME)
        self.time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        parts = row(self, margins=(MEDIUM, TIGHT, LARGE, TIGHT), spacing=SMALL)
        for button in (self.play, self.back, self.record, self.loop, self.metronome):
            parts.addWidget(button)
        parts.addWidget(self.title, 1)
        parts.addWidget(self.time)
        parts.addWidget(self.position, 2)
        parts.addWidget(self.speed)
        parts.addWidget(self.volume)
