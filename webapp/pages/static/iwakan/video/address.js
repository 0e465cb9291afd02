// The address is the state: whoever opens it sees the same frame, runs, part and threshold.

const PAUSE_MILLISECONDS = 300; // browsers refuse too many changes a second

let timer;

// `state` has run (ids), f, from, to and t; what is null is left out.
export function remember(state) {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, "", addressOf(state)), PAUSE_MILLISECONDS);
}

export function queryOf({ run, ...rest }) {
  const query = new URLSearchParams(run.map((id) => ["run", id]));
  for (const [name, value] of Object.entries(rest)) if (value !== null) query.set(name, value);
  return query;
}

export function addressOf(state) {
  return `${location.pathname}?${queryOf(state)}`;
}

export async function share(button, state) {
  const link = new URL(addressOf(state), location.href).href;
  if (!navigator.clipboard) {
    window.prompt(button.dataset.ask, link); // without HTTPS browsers keep the clipboard closed
    return;
  }
  await navigator.clipboard.writeText(link);
  const text = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = text), 1500);
}
