// The colours of heat maps, between the stops of the style sheet.

const N_STOPS = 5; // --heat-1 … --heat-5
const N_LEVELS = 256;
const CLEAR_UP_TO = 0.15; // of the bar; from here on less and less of the picture shows through
const SOLID_FROM = 0.5;

// Red, green, blue and opacity (0 … 255) of each level, the highest at `share` of the scale.
export function paletteOf(share) {
  const stops = stopColours();
  return Array.from({ length: N_LEVELS }, (_, level) => {
    // By its root: errors of interest are far below the worst of a run.
    const value = Math.sqrt(Math.min((level / (N_LEVELS - 1)) * share, 1));
    const solid = Math.min(Math.max((value - CLEAR_UP_TO) / (SOLID_FROM - CLEAR_UP_TO), 0), 1);
    return [...between(stops, value), 255 * solid];
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
