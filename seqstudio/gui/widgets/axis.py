"""A scrolled and zoomed axis of a painted view: converts pixels to seconds, ticks or pitches."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Axis:
    """The part of `length` units that is visible on `pixels` pixels. Its methods return a new axis.

    Units are what the view lays out: seconds of a recording, ticks of a score.
    """

    length: float  # units, in total
    pixels: int  # size of the view
    start: float = 0.0  # unit at the left edge
    per_pixel: float = 0.0  # units; 0 shows everything
    finest: float = 1e-4  # units per pixel at the highest zoom

    @property
    def scale(self) -> float:
        """Units per pixel."""
        return self.per_pixel or self.length / max(self.pixels, 1) or 1.0

    @property
    def span(self) -> float:
        """Units that are visible."""
        return self.scale * self.pixels

    @property
    def stop(self) -> float:
        """Unit at the right edge."""
        return self.start + self.span

    def to_pixel(self, unit: float) -> float:
        """Return the pixel of a unit; it may lie outside the view."""
        return (unit - self.start) / self.scale

    def to_unit(self, pixel: float) -> float:
        """Return the unit under a pixel."""
        return self.start + pixel * self.scale

    def scrolled(self, pixels: float) -> "Axis":
        """Scroll by pixels, clamped to the content."""
        return self._clamped(self.start + pixels * self.scale, self.scale)

    def zoomed(self, factor: float, pixel: float) -> "Axis":
        """Zoom in by a factor, or out below 1; the unit under `pixel` stays in place."""
        widest = max(self.length / max(self.pixels, 1), self.finest)
        scale = min(max(self.scale / factor, self.finest), widest)
        return self._clamped(self.to_unit(pixel) - pixel * scale, scale)

    def scrolled_to(self, unit: float) -> "Axis":
        """Scroll a unit outside the view to the left third; do nothing if it is visible."""
        if self.start <= unit <= self.stop:
            return self
        return self._clamped(unit - self.span / 3, self.scale)

    def zoomed_to(self, start: float, stop: float) -> "Axis":
        """Zoom so that the range between two units fills the view."""
        widest = max(self.length / max(self.pixels, 1), self.finest)
        scale = min(max((stop - start) / max(self.pixels, 1), self.finest), widest)
        middle = (start + stop) / 2
        return self._clamped(middle - scale * self.pixels / 2, scale)

    def with_length(self, length: float) -> "Axis":
        """Change the length; the visible part stays in place if it still exists."""
        return replace(self, length=length)._clamped(self.start, self.per_pixel)

    def resized(self, pixels: int) -> "Axis":
        """Change the size of the view; an axis that shows everything still does."""
        return replace(self, pixels=pixels)._clamped(self.start, self.per_pixel)

    def _clamped(self, start: float, scale: float) -> "Axis":
        last = max(self.length - (scale or self.scale) * self.pixels, 0.0)
        return replace(self, start=min(max(start, 0.0), last), per_pixel=scale)
