"""Draw which columns of its parents each column of a table is computed from, as SVG.

The drawing is as wide as a phone's screen, and has a line for each column, so that its text can be
read on a phone too.
"""

from collections.abc import Mapping, Sequence
from statistics import mean

from oic_assurance.reporting.site.drawing import COLOURS, fill
from oic_assurance.reporting.templates import one_line

#: A column of a parent: the name of the table and of the column.
Parent = tuple[str, str]

#: In pixels: the height of a line, the size of a letter, the width of a letter and of a bold one,
#: and the room between the two lists.
LINE, LETTER, WIDE, BOLD, GAP = 19, 11, 6.3, 7.3, 64
_HEAD = ("#e6eef5", "#1d2733")


def column_picture(title: str, name: str, inputs: Mapping[str, Sequence[Parent]]) -> str:
    """Return a drawing with the parents' columns on the left and the table's on the right.

    `title` is the accessible name of the drawing, and `name` the name of the table. `inputs` holds
    the columns from which each column is computed. Columns without inputs have no line.
    """
    left = _left(inputs)
    right = [(name, True), *((column, False) for column in inputs)]
    on_the_left = [(text, key[1] == "") for key, text in left]
    left_width = _width(on_the_left)
    start, wide = left_width + GAP, _width(right)
    left_at = {key: _middle(place) for place, (key, _) in enumerate(left)}
    right_at = {text: _middle(place) for place, (text, _) in enumerate(right)}
    return one_line(
        fill(
            "columns.svg.j2",
            title=title,
            width=start + wide,
            height=max(len(left), len(right)) * LINE + 4,
            line=LINE,
            letter=LETTER,
            left_width=left_width,
            start=start,
            edges=[
                (left_at[parent], right_at[column])
                for column, parents in inputs.items()
                for parent in parents
            ],
            lists=[
                (on_the_left, 0, left_width, *_HEAD),
                (right, start, wide, *COLOURS["mart"]),
            ],
        )
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
