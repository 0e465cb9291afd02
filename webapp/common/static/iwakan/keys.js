// Keys of every page; those of one page live in its own module. Each is reachable by mouse too.

export function isTyping(event) {
  const target = event.target;
  return target.isContentEditable || target.matches("input, select, textarea");
}

// Calls actions[key](event), never while someone types or holds a modifier.
export function bindKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

function moveRow(step) {
  const links = [...document.querySelectorAll(".table tbody tr")]
    .map((row) => row.querySelector("a[href]"))
    .filter(Boolean);
  const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}

bindKeys({
  "?": () => document.getElementById("keys").togglePopover(),
  "/": () => document.querySelector(".filters :is(input, select), [data-log-search]")?.focus(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
});
