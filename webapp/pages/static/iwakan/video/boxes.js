// Boxes in pixels of a picture of a size [width, height]: none of these ever leaves it or is empty.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export const moved = (box, dx, dy, [width, height]) => ({
  ...box,
  left: clamp(box.left + dx, 0, width - box.width),
  top: clamp(box.top + dy, 0, height - box.height),
});

export const grown = (box, dx, dy, [width, height]) => ({
  ...box,
  width: clamp(box.width + dx, 1, width - box.left),
  height: clamp(box.height + dy, 1, height - box.top),
});

// The pixels between two points, those at both ends included.
export function between([x, y], [otherX, otherY], [width, height]) {
  const left = clamp(Math.floor(Math.min(x, otherX)), 0, width - 1);
  const top = clamp(Math.floor(Math.min(y, otherY)), 0, height - 1);
  return {
    left,
    top,
    width: clamp(Math.ceil(Math.max(x, otherX)), left + 1, width) - left,
    height: clamp(Math.ceil(Math.max(y, otherY)), top + 1, height) - top,
  };
}

// A quarter of the picture, in its middle.
export const middle = ([width, height]) =>
  between([width * 0.25, height * 0.25], [width * 0.75, height * 0.75], [width, height]);

// As typed: brought into the picture.
export function fitted({ left, top, width, height }, size) {
  const [x, y] = [clamp(left, 0, size[0] - 1), clamp(top, 0, size[1] - 1)];
  return between([x, y], [x + Math.max(width, 1), y + Math.max(height, 1)], size);
}
