// Theme and language choices take effect at once; the server remembers them.

const root = document.documentElement;

export function onThemeChange(listener) {
  new MutationObserver(listener).observe(root, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}

function save(form) {
  return fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
}

function bindPreferences(form) {
  form.elements.theme.addEventListener("change", (event) => {
    root.dataset.theme = event.target.value;
    save(form);
  });
  // Asked for only where there is more than one language.
  form.elements.language?.addEventListener("change", async () => {
    await save(form);
    location.reload();
  });
}

document.querySelectorAll("[data-without-js]").forEach((button) => button.remove());
document.querySelectorAll("form[data-preferences]").forEach(bindPreferences);
document.querySelectorAll("select[data-submits]").forEach((select) =>
  select.addEventListener("change", () => select.form.requestSubmit()),
);
