// How the video page writes times and scores.

const MISSING = "–";

// "00:42.8", with hours once there are some. A file may start before its own zero.
export function clockTime(seconds) {
  if (Number.isNaN(seconds)) return MISSING;
  if (seconds < 0) return `−${clockTime(-seconds)}`;
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const pad = (value) => `${value}`.padStart(2, "0");
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const text = `${pad(minutes)}:${pad(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
  return hours ? `${hours}:${text}` : text;
}

// Four digits are enough to read; what is missing is a dash.
export function short(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  return `${Number(value.toPrecision(4))}`;
}

// What is added or taken away.
export function signed(value) {
  return value < 0 ? `−${short(-value)}` : `+${short(value)}`;
}

// The colour of a run, as its row in the list has it.
export function hueOf(run) {
  return document.querySelector(`[data-run="${run}"] .swatch`).style.getPropertyValue("--hue");
}
