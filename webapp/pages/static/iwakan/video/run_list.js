// The list beside the player: which runs are drawn, which is in front, what they say now.

import { short } from "./format.js";

// Events: "change" when `shown` (ids, the one in front first) is another.
export class RunList extends EventTarget {
  shown;
  #rows;

  constructor(element, shown) {
    super();
    this.shown = shown;
    this.#rows = new Map(
      [...element.querySelectorAll("[data-run]")].map((row) => [row.dataset.run, row]),
    );
    for (const [run, row] of this.#rows) {
      const toggle = row.querySelector("[data-toggle]");
      toggle.addEventListener("change", () => {
        if (!toggle.matches(":focus-visible")) toggle.blur(); // a click leaves the keys to the page
        this.toggle(run);
      });
      row.querySelector("[data-front]").addEventListener("click", () => this.#bringToFront(run));
    }
    this.#mark();
  }

  // At least one stays.
  toggle(run) {
    const isShown = this.shown.includes(run);
    const others = this.shown.filter((id) => id !== run);
    if (!isShown || others.length) this.#change(isShown ? others : [...others, run]);
    else this.#mark();
  }

  toggleByKey(key) {
    for (const [run, row] of this.#rows) {
      if (row.querySelector("[data-toggle]").dataset.key === key) this.toggle(run);
    }
  }

  tell(run, value) {
    this.#rows.get(run).querySelector("[data-value]").textContent = short(value);
  }

  #bringToFront(run) {
    this.#change([run, ...this.shown.filter((id) => id !== run)]);
  }

  #change(shown) {
    this.shown = shown;
    this.#mark();
    this.dispatchEvent(new Event("change"));
  }

  #mark() {
    for (const [run, row] of this.#rows) {
      const isShown = this.shown.includes(run);
      const isInFront = run === this.shown[0] && this.shown.length > 1;
      row.toggleAttribute("data-front", isInFront);
      row.querySelector("[data-toggle]").checked = isShown;
      row.querySelector("button[data-front]").hidden = !isShown || run === this.shown[0];
      if (!isShown) this.tell(run, null);
    }
  }
}
