// The colours of heat maps, between the stops of the style sheet.

const N_STOPS = 5; // --heat-1 … --heat-5
const N_LEVELS = 256;
const SOLID_FROM = 0.5; // of the scale; below it more and more of the picture shows through

// Red, green, blue and opacity (0 … 255) of each level, the highest at `share` of the scale.
export function paletteOf(share) {
  const stops = stopColours();
  return Array.from({ length: N_LEVELS }, (_, level) => {
    const value = Math.min((level / (N_LEVELS - 1)) * share, 1);
    return [...between(stops, value), 255 * Math.min(value / SOLID_FROM, 1)];
  });
}

function stopColours() {
  const style = getComputedStyle(document.documentElement);
  return Array.from({ length: N_STOPS }, (_, at) => {
    const number = parseInt(style.getPropertyValue(`--heat-${at + 1}`).trim().slice(1), 16);
    return [number >> 16, (number >> 8) & 255, number & 255];
  });
}

function between(stops, value) {
  const place = value * (stops.length - 1);
  const below = Math.min(Math.floor(place), stops.length - 2);
  return stops[below].map((low, at) => low + (stops[below + 1][at] - low) * (place - below));
}
