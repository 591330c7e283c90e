"""Check a page with axe-core, and decide the contrasts that axe-core cannot decide.

axe-core does not know what is behind the text of a drawing, so it reports that text as incomplete.
Here such a text is compared with what the browser has painted at its middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright.
    from playwright.sync_api import Page

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
#: Returns, for each selector, the text with its contrast and the least contrast that WCAG asks of
#: it. The contrast is null if the text cannot be reached, for example below another element.
_CONTRASTS = """
selectors => {
  const parsed = color => {
    const [r, g, b, a = 1] = (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return color === 'none' ? [0, 0, 0, 0] : [r, g, b, a];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const luminance = color => {
    const [r, g, b] = color.map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isDrawn = element => element instanceof SVGElement && element.localName !== 'svg';
  const paint = element => {
    const style = getComputedStyle(element);
    if (!isDrawn(element)) {
      const color = parsed(style.backgroundColor);
      return [...color.slice(0, 3), color[3] * style.opacity];
    }
    const isShape = ['rect', 'path', 'circle', 'polygon'].includes(element.localName);
    const edge = element.localName === 'text' ? style.stroke : 'none';
    const color = parsed(isShape ? style.fill : edge);
    return [...color.slice(0, 3), color[3] * style.fillOpacity * style.opacity];
  };
  // A text with a stroke is the edge around the same text, which is drawn over it.
  const elements = selectors.map(selector => document.querySelector(selector))
    .filter(element => !isDrawn(element) || getComputedStyle(element).stroke === 'none');
  for (const drawn of document.querySelectorAll('svg, svg *')) {
    drawn.setAttribute('pointer-events', 'all');
  }
  return elements.map(element => {
    element.scrollIntoView({block: 'center', inline: 'center'});
    const range = document.createRange();
    range.selectNodeContents(element);
    const box = range.getClientRects()[0];
    const all = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const place = all.indexOf(element);
    const text = element.textContent.trim();
    if (place < 0) return {text, contrast: null, least: 0};
    let behind = [255, 255, 255];
    for (const below of all.slice(place + (isDrawn(element) ? 1 : 0)).reverse()) {
      behind = over(paint(below), behind);
    }
    const ink = over(parsed(isDrawn(element) ? style.fill : style.color), behind);
    const [high, low] = [luminance(ink), luminance(behind)].sort((a, b) => b - a);
    return {text, contrast: (high + 0.05) / (low + 0.05), least: isLarge ? 3 : 4.5};
  });
}
"""


def problems(page: Page) -> list[str]:
    """Return what is not accessible on an opened page, also in its collapsed parts, as lines."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page, options=RULES).response
    lines = [_line(rule, node) for rule in found["violations"] for node in rule["nodes"]]
    undecided = []
    for rule in found["incomplete"]:
        if rule["id"] == "color-contrast":
            undecided += [node["target"][0] for node in rule["nodes"]]
        else:
            lines += [_line(rule, node) for node in rule["nodes"]]
    return lines + [
        f"color-contrast: {one['text']}: {one['contrast']} instead of {one['least']}"
        for one in page.evaluate(_CONTRASTS, undecided)
        if one["contrast"] is None or one["contrast"] < one["least"]
    ]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}"
