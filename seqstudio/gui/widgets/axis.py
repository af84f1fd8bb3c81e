"""One scrolled and zoomed axis of a painted view: pixels to seconds, ticks or pitches."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Axis:
    """What part of `length` units is seen on `pixels` pixels; never less than one unit's share.

    Units are whatever the view lays out: seconds of a recording, ticks of a score.
    """

    length: float  # units in all
    pixels: int  # of the view
    start: float = 0.0  # unit at the left edge
    per_pixel: float = 0.0  # units; 0 shows all
    finest: float = 1e-4  # units a pixel, when zoomed in all the way

    @property
    def scale(self) -> float:
        """Units of one pixel."""
        return self.per_pixel or self.length / max(self.pixels, 1) or 1.0

    @property
    def span(self) -> float:
        """Units that are seen."""
        return self.scale * self.pixels

    @property
    def stop(self) -> float:
        """Unit at the right edge."""
        return self.start + self.span

    def to_pixel(self, unit: float) -> float:
        """Give the pixel of a unit, which may lie outside of the view."""
        return (unit - self.start) / self.scale

    def to_unit(self, pixel: float) -> float:
        """Give the unit under a pixel."""
        return self.start + pixel * self.scale

    def scrolled(self, pixels: float) -> "Axis":
        """Move the view, as far as there is something to see."""
        return self._kept(self.start + pixels * self.scale, self.scale)

    def zoomed(self, factor: float, pixel: float) -> "Axis":
        """Zoom in by a factor, or out below 1; what is under the pixel stays there."""
        widest = max(self.length / max(self.pixels, 1), self.finest)
        scale = min(max(self.scale / factor, self.finest), widest)
        return self._kept(self.to_unit(pixel) - pixel * scale, scale)

    def showing(self, unit: float) -> "Axis":
        """Scroll by as little as brings a unit into view, to the left third when it was outside."""
        if self.start <= unit <= self.stop:
            return self
        return self._kept(unit - self.span / 3, self.scale)

    def fitting(self, start: float, stop: float) -> "Axis":
        """Show what lies between two units, as large as it can be."""
        widest = max(self.length / max(self.pixels, 1), self.finest)
        scale = min(max((stop - start) / max(self.pixels, 1), self.finest), widest)
        middle = (start + stop) / 2
        return self._kept(middle - scale * self.pixels / 2, scale)

    def lengthened(self, length: float) -> "Axis":
        """Lay out another length; what is seen stays where it is, as far as it can."""
        return replace(self, length=length)._kept(self.start, self.per_pixel)

    def resized(self, pixels: int) -> "Axis":
        """Fit a view of another size; what was seen whole stays whole."""
        return replace(self, pixels=pixels)._kept(self.start, self.per_pixel)

    def _kept(self, start: float, scale: float) -> "Axis":
        last = max(self.length - (scale or self.scale) * self.pixels, 0.0)
        return replace(self, start=min(max(start, 0.0), last), per_pixel=scale)
