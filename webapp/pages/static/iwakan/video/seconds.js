// When each frame of the file is shown first. The player's own clock is that of the proxy, whose
// frames come at one rate; the file's need not.

// A function from frames to seconds. `clock` is what `webapp.datasets.seconds` makes of it; without
// one there are no seconds.
export function secondsOf(clock) {
  if (!clock) return () => NaN;
  if (!clock.gaps) return (frame) => (clock.first + frame * clock.step) / 1000;
  const shown = [clock.first];
  for (let at = 0; at < clock.gaps.length; at += 2) {
    const [gap, count] = clock.gaps.slice(at, at + 2);
    for (let i = 0; i < count; i++) shown.push(shown.at(-1) + gap);
  }
  return (frame) => shown[frame] / 1000;
}
