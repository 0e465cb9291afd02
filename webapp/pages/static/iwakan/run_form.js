// Marks the fields of the run form that differ from the paper's values, while one types.

const form = document.getElementById("run-form");

function mark(input) {
  const field = input.closest("[data-default]");
  if (!field) return;
  const text = input.type === "checkbox" ? `${input.checked}` : input.value.trim();
  field.querySelector("[data-changed]").hidden = text === field.dataset.default;
}

form?.addEventListener("input", (event) => mark(event.target));
