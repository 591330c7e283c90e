"""Draw which columns of its parents each column of a table is computed from, as SVG.

The drawing is as wide as a phone's screen, and has a line for each column, so that its text can be
read on a phone too.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import mean

from oic_assurance.reporting.site.drawing import COLOURS

#: A column of a parent: the name of the table and of the column.
Parent = tuple[str, str]

#: In pixels: the height of a line, the size of a letter, the width of a letter and of a bold one,
#: and the room between the two lists.
LINE, LETTER, WIDE, BOLD, GAP = 19, 11, 6.3, 7.3, 64
_HEAD = ("#e6eef5", "#1d2733")
_INK, _QUIET, _EDGE = "#1d2733", "#5c6773", "#7c8794"


def column_picture(title: str, name: str, inputs: Mapping[str, Sequence[Parent]]) -> str:
    """Return a drawing with the parents' columns on the left and the table's on the right.

    `title` is the accessible name of the drawing, and `name` the name of the table. `inputs` holds
    the columns from which each column is computed. Columns without inputs have no line.
    """
    left = _left(inputs)
    right = [(name, True), *((column, False) for column in inputs)]
    left_width = _width([(text, key[1] == "") for key, text in left])
    start = left_width + GAP
    width = start + _width(right)
    height = max(len(left), len(right)) * LINE + 4
    left_at = {key: _middle(place) for place, (key, _) in enumerate(left)}
    right_at = {text: _middle(place) for place, (text, _) in enumerate(right)}
    parts = [
        *_edges(inputs, left_at, right_at, left_width, start),
        *_list(((text, key[1] == "") for key, text in left), 0, left_width, _HEAD),
        *_list(right, start, width - start, COLOURS["mart"]),
    ]
    return (
        f'<svg class="lineage columns" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {width:.0f} {height}" style="max-width:{1.25 * width:.0f}px" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _left(inputs: Mapping[str, Sequence[Parent]]) -> list[tuple[Parent, str]]:
    """Return the lines on the left: each parent's name, then its columns.

    Parents are sorted by the mean place of the columns that need them, and so are the columns of a
    parent. So few lines cross.
    """
    needed: dict[Parent, list[int]] = {}
    tables: dict[str, list[int]] = {}
    for place, parents in enumerate(inputs.values()):
        for parent in parents:
            needed.setdefault(parent, []).append(place)
            tables.setdefault(parent[0], []).append(place)
    return [
        line
        for table in sorted(tables, key=lambda one: mean(tables[one]))
        for line in [
            ((table, ""), table),
            *(
                (parent, parent[1])
                for parent in sorted(needed, key=lambda one: mean(needed[one]))
                if parent[0] == table
            ),
        ]
    ]


def _width(lines: Sequence[tuple[str, bool]]) -> float:
    return 14 + max((len(text) * (BOLD if bold else WIDE) for text, bold in lines), default=0)


def _middle(place: int) -> float:
    return place * LINE + LINE / 2 + 2


def _list(
    lines: Iterator[tuple[str, bool]] | Sequence[tuple[str, bool]],
    x: float,
    width: float,
    head: tuple[str, str],
) -> Iterator[str]:
    for place, (text, is_head) in enumerate(lines):
        y = _middle(place)
        if is_head:
            yield (
                f'<rect x="{x:.0f}" y="{y - LINE / 2 + 1:.0f}" width="{width:.0f}" '
                f'height="{LINE - 2}" rx="3" fill="{head[0]}" stroke="#4d5865"/>'
            )
        weight = ' font-weight="bold"' if is_head else ""
        yield (
            f'<text x="{x + 6:.0f}" y="{y + 4:.0f}" font-size="{LETTER}"{weight} '
            f'fill="{head[1] if is_head else _INK}">{escape(text)}</text>'
        )


def _edges(
    inputs: Mapping[str, Sequence[Parent]],
    left_at: Mapping[Parent, float],
    right_at: Mapping[str, float],
    x: float,
    to_x: float,
) -> Iterator[str]:
    middle = (x + to_x) / 2
    for column, parents in inputs.items():
        for parent in parents:
            y, to_y = left_at[parent], right_at[column]
            yield (
                f'<path d="M{x:.0f} {y:.0f}C{middle:.0f} {y:.0f} {middle:.0f} {to_y:.0f} '
                f'{to_x:.0f} {to_y:.0f}" fill="none" stroke="{_EDGE}" stroke-width="1"/>'
            )
