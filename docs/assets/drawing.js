// Where a drawing is wider than the screen, begin with its middle, where the lines meet.
for (const drawing of document.querySelectorAll(".drawing")) {
  drawing.scrollLeft = (drawing.scrollWidth - drawing.clientWidth) / 2;
}
