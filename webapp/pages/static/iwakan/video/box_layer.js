// Boxes over the picture: picked, drawn, moved and resized by pointer or finger, and by keys.

import { between, grown, moved } from "./boxes.js";
import { overPicture } from "./picture.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HELD = 5; // pixels at a time while a key is held
const CORNERS = ["left top", "right top", "left bottom", "right bottom"];

// Events: "pick" { region }, "change" { region, box }, "draw" { box } while it is drawn and
// "drawn" { box } when it is done.
export class BoxLayer extends EventTarget {
  #layer;
  #size;
  #mayDraw;
  #elements = new Map(); // region -> button

  constructor(layer, player, size, mayDraw) {
    super();
    this.#layer = layer;
    this.#size = size;
    this.#mayDraw = mayDraw;
    overPicture(player, layer);
    layer.addEventListener("pointerdown", (event) => {
      if (event.target === layer && this.isDrawing) this.#draw(event);
    });
  }

  get isDrawing() {
    return this.#layer.classList.contains("box-layer--drawing");
  }

  set isDrawing(isDrawing) {
    this.#layer.classList.toggle("box-layer--drawing", isDrawing);
  }

  // Those of `regions` that have a box and are `shown`; the one that is `picked` can be changed.
  show(regions, { shown, picked }) {
    const visible = new Set(regions.filter((region) => region.box && shown(region)));
    for (const [region, element] of this.#elements) {
      if (visible.has(region)) continue;
      element.remove();
      this.#elements.delete(region);
    }
    for (const region of visible) this.#place(region, region === picked);
  }

  focus(region) {
    this.#elements.get(region)?.focus();
  }

  #place(region, isPicked) {
    const element = this.#elements.get(region) ?? this.#make(region);
    const [width, height] = this.#size;
    Object.assign(element.style, {
      left: `${(100 * region.box.left) / width}%`,
      top: `${(100 * region.box.top) / height}%`,
      width: `${(100 * region.box.width) / width}%`,
      height: `${(100 * region.box.height) / height}%`,
    });
    element.setAttribute("aria-pressed", isPicked);
    element.setAttribute("aria-label", region.title);
  }

  #make(region) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = "region-box";
    element.addEventListener("focus", () => this.#tell("pick", { region }));
    element.addEventListener("click", () => element.focus());
    if (this.#mayDraw) {
      for (const corner of CORNERS) {
        const handle = document.createElement("span");
        handle.className = "region-box__corner";
        handle.dataset.corner = corner;
        element.append(handle);
      }
      element.addEventListener("pointerdown", (event) => this.#drag(event, region, element));
      element.addEventListener("keydown", (event) => this.#press(event, region));
    }
    this.#elements.set(region, element);
    this.#layer.append(element);
    return element;
  }

  #press(event, region) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // arrows of the page step through frames
    const [dx, dy] = arrow.map((step) => step * (event.repeat ? HELD : 1));
    const change = event.shiftKey ? grown : moved;
    this.#tell("change", { region, box: change(region.box, dx, dy, this.#size) });
  }

  #drag(event, region, element) {
    event.preventDefault();
    event.stopPropagation();
    element.focus();
    const start = this.#point(event);
    const { box } = region;
    const corner = event.target.dataset.corner;
    const anchor = corner && opposite(box, corner);
    this.#follow(element, event, (point) => {
      const changed = anchor
        ? between(anchor, point, this.#size)
        : moved(box, ...point.map((value, axis) => Math.round(value - start[axis])), this.#size);
      this.#tell("change", { region, box: changed });
    });
  }

  #draw(event) {
    event.preventDefault();
    const start = this.#point(event);
    let box = null; // a press alone draws none
    const move = (point) => {
      box = between(start, point, this.#size);
      this.#tell("draw", { box });
    };
    this.#follow(this.#layer, event, move, () => box && this.#tell("drawn", { box }));
  }

  // Until the pointer that went down is up.
  #follow(element, { pointerId }, move, done) {
    element.setPointerCapture(pointerId);
    const listening = new AbortController();
    const { signal } = listening;
    element.addEventListener("pointermove", (event) => move(this.#point(event)), { signal });
    const end = () => {
      listening.abort();
      done?.();
    };
    element.addEventListener("pointerup", end, { signal });
    element.addEventListener("pointercancel", end, { signal });
  }

  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.#layer.getBoundingClientRect();
    return [
      ((clientX - left) / width) * this.#size[0],
      ((clientY - top) / height) * this.#size[1],
    ];
  }

  #tell(name, facts) {
    this.dispatchEvent(Object.assign(new Event(name), facts));
  }
}

const opposite = ({ left, top, width, height }, corner) => [
  corner.includes("left") ? left + width : left,
  corner.includes("top") ? top + height : top,
];
