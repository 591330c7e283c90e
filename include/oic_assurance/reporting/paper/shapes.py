"""The shapes that show statuses. They differ in form, so they can be told apart without colour."""

from typing import Literal

Shape = Literal["tick", "tick_late", "half", "empty", "alert", "falling", "none", "question"]

_INK = "#1d2733"
_RING = f'fill="#fff" stroke="{_INK}" stroke-width="2.5"'
_LINE = f'stroke="{_INK}" stroke-width="3"'
_TICK = 'd="M9 17l5 5 9-11" fill="none" stroke-width="3"'
_DRAWINGS: dict[Shape, str] = {
    "tick": f'<circle cx="16" cy="16" r="14" fill="{_INK}"/><path {_TICK} stroke="#fff"/>',
    "tick_late": f'<circle cx="16" cy="16" r="13" {_RING}/><path {_TICK} stroke="{_INK}"/>',
    "half": (
        f'<circle cx="16" cy="16" r="13" {_RING}/><path d="M16 3a13 13 0 0 1 0 26z" fill="{_INK}"/>'
    ),
    "empty": f'<circle cx="16" cy="16" r="13" {_RING}/>',
    "alert": (
        f'<path d="M16 2L31 29H1z" fill="{_INK}"/>'
        '<path d="M16 11v9" stroke="#fff" stroke-width="3"/>'
        '<circle cx="16" cy="24.5" r="1.8" fill="#fff"/>'
    ),
    "falling": (
        f'<path d="M16 30L1 4h30z" {_RING}/>'
        f'<path d="M16 9v10m-4-4l4 5 4-5" fill="none" stroke="{_INK}" stroke-width="2.5"/>'
    ),
    "none": f'<circle cx="16" cy="16" r="13" {_RING}/><path d="M10 16h12" {_LINE}/>',
    "question": (
        f'<rect x="2" y="2" width="28" height="28" {_RING} stroke-dasharray="4 2"/>'
        '<path d="M12 12a4 4 0 1 1 5.5 3.7c-1 .5-1.5 1.2-1.5 2.6" fill="none"'
        f' stroke="{_INK}" stroke-width="2.5"/>'
        f'<circle cx="16" cy="23" r="1.6" fill="{_INK}"/>'
    ),
}
#: For each shape, its drawing as SVG. The words beside it say what it means.
SHAPES: dict[str, str] = {
    name: (
        '<svg xmlns="http://www.w3.org/2000/svg" class="shape" viewBox="0 0 32 32"'
        f' aria-hidden="true" focusable="false">{drawing}</svg>'
    )
    for name, drawing in _DRAWINGS.items()
}

#: The shape of each status.
OF_STATUS: dict[str, Shape] = {
    "met_on_time": "tick",
    "met_late": "tick_late",
    "sustained": "tick",
    "in_progress": "half",
    "not_started": "empty",
    "overdue": "alert",
    "slipping": "falling",
    "unclear": "half",
    "no_cases": "none",
    "unknown": "question",
}


def shape_of(status: str, answer_code: str) -> Shape:
    """Return the shape of a point. What chance alone could explain is no fall."""
    return "half" if status == "slipping" and answer_code != "NO" else OF_STATUS[status]
