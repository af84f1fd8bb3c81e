"""Draws `docs/rooms.svg`: the folders of the code and which of them import which, from the imports.

    python docs/draw_rooms.py > docs/rooms.svg

Every arrow is an import in the code, or a page of the app that is named as "module:Class" and
imported when it is first shown. An arrow that follows from others (gui imports session, and
session imports host, so gui may import host) is left out. A test compares the file with what this
script prints.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PLUGINS = {
    "seqstudio_speech": "seqstudio-speech",
    "seqstudio_music": "seqstudio-music",
    "seqstudio_forecast": "seqstudio-forecast",
    "seqstudio_text": "seqstudio-text",
}
INSIDE = ("host", "gui")  # rooms whose folders are drawn in a picture of their own
BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN, TITLE = 160, 32, 20, 44, 24, 24  # pixels
Graph = dict[str, set[str]]


def modules() -> dict[str, Path]:
    """Map the dotted name of every module of the host and the plugins to its file."""
    roots = {"seqstudio": ROOT, **{n: ROOT / "plugins" / f / "src" for n, f in PLUGINS.items()}}
    found = {}
    for package, root in roots.items():
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ([name for name in inner if name in known] or [node.module])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            module, colon, _ = node.value.partition(":")
            if colon and module in known:
                yield module


def room_of(module: str) -> str:
    """Return the room that a module stands in: a folder of `seqstudio`, or a plugin."""
    parts = module.split(".")
    return parts[0] if parts[0] != "seqstudio" else ".".join(parts[1:2]) or "seqstudio"


def folder_of(module: str, room: str) -> str:
    """Return the folder of a room that a module stands in; its modules at the top by name."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and parts[1] == room else ""


def graph_of(pairs: Iterable[tuple[str, str]], nodes: Iterable[str]) -> Graph:
    """Collect which node imports which, without imports of a node by itself."""
    graph: Graph = {node: set() for node in nodes}
    for source, target in pairs:
        if source != target and source in graph and target in graph:
            graph[source].add(target)
    return graph


def reachable(graph: Graph, start: str) -> set[str]:
    """Return all nodes that can be reached from a node."""
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        if (node := waiting.pop()) not in found:
            found.add(node)
            waiting += graph[node]
    return found


def reduced(graph: Graph) -> Graph:
    """Leave out the arrows that follow from others."""
    return {
        node: {t for t in targets if not any(t in reachable(graph, o) for o in targets - {t})}
        for node, targets in graph.items()
    }


def levels(graph: Graph) -> dict[str, int]:
    """Place every node above all that it imports: 0 is the bottom."""
    level: dict[str, int] = {}
    for node in TopologicalSorter(graph).static_order():
        level[node] = 1 + max((level[target] for target in graph[node]), default=-1)
    return level


def places(graph: Graph) -> dict[str, tuple[float, float]]:
    """Return the centre of every box, in pixels, a row a level, in the order of the alphabet."""
    level = levels(graph)
    height = max(level.values())
    rows = [sorted(n for n, at in level.items() if at == row) for row in range(height + 1)]
    step = BOX_WIDTH + GAP_X
    middle = MARGIN + max(map(len, rows)) * step / 2
    return {
        node: (
            middle + (column - (len(row) - 1) / 2) * step,
            TITLE + MARGIN + BOX_HEIGHT / 2 + (height - number) * (BOX_HEIGHT + GAP_Y),
        )
        for number, row in enumerate(rows)
        for column, node in enumerate(row)
    }


def picture(title: str, graph: Graph, top: float) -> tuple[str, float]:
    """Draw one graph below `top`; return its SVG elements and its height."""
    where = places(graph)
    lines = [f'<text class="title" x="{MARGIN}" y="{top + MARGIN}">{escape(title)}</text>']
    for node, targets in reduced(graph).items():
        for target in sorted(targets):
            (x1, y1), (x2, y2) = where[node], where[target]
            start, end = top + y1 + BOX_HEIGHT / 2, top + y2 - BOX_HEIGHT / 2 - 3
            bend = (end - start) / 2
            lines.append(
                f'<path d="M{x1:.0f} {start:.0f} C{x1:.0f} {start + bend:.0f} '
                f'{x2:.0f} {end - bend:.0f} {x2:.0f} {end:.0f}"/>'
            )
    for node, (x, y) in where.items():
        left, upper = x - BOX_WIDTH / 2, top + y - BOX_HEIGHT / 2
        lines += [
            f'<rect x="{left:.0f}" y="{upper:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}"/>',
            f'<text x="{x:.0f}" y="{top + y + 5:.0f}">{escape(node)}</text>',
        ]
    return "\n".join(lines), max(y for _, y in where.values()) + BOX_HEIGHT / 2 + MARGIN


def graphs() -> Iterator[tuple[str, Graph]]:
    """Yield the title and the graph of each picture."""
    known = modules()
    pairs = [(m, target) for m, path in known.items() for target in imports(path, known)]

    def between(place: Mapping[str, str]) -> Graph:
        inner = [(place[a], place[b]) for a, b in pairs if a in place and b in place]
        return graph_of(inner, place.values())

    rooms = {m: room_of(m) for m in known if m not in ("seqstudio", "seqstudio.__main__")}
    yield "Rooms: each imports only what stands below it", between(rooms)
    for room in INSIDE:
        folders = {m: folder for m in known if (folder := folder_of(m, room))}
        yield f"Inside {room}/", between(folders)


STYLE = """
rect { fill: #f4f6fb; stroke: #4a5a8a; rx: 6 }
path { fill: none; stroke: #8a93ad; stroke-width: 1.3; marker-end: url(#arrow) }
text { font: 14px sans-serif; text-anchor: middle; fill: #1d2333 }
.title { font-size: 16px; font-weight: bold; text-anchor: start }
"""


def drawing() -> str:
    """Return the whole SVG document."""
    parts, top, width = [], 0.0, 0.0
    for title, graph in graphs():
        svg, height = picture(title, graph, top)
        parts.append(svg)
        width = max(width, *(x + BOX_WIDTH / 2 + MARGIN for x, _ in places(graph).values()))
        top += height
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {top:.0f}">',
            f"<style>{STYLE}</style>",
            '<marker id="arrow" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
            '<path d="M0 0 L6 3 L0 6" style="marker-end: none"/></marker>',
            '<rect width="100%" height="100%" style="fill: white; stroke: none"/>',
            *parts,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    print(drawing(), end="")
