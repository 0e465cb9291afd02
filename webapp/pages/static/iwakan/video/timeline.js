// The stack of strips under the player: one scale for all of them, scrubbing, zooming, playhead.

const SMALLEST_WINDOW = 8; // frames
const CLICK_PIXELS = 4;

// Events: "seek" { frame }, "hover" { frame } or {}, "window" when another part is shown.
export class Timeline extends EventTarget {
  isZooming = false; // whether the next drag zooms without the shift key
  #element;
  #tracks;
  #parts;
  #nFrames;
  #dragStart = null; // client x where a zooming drag began

  constructor(element, { nFrames, window }) {
    super();
    this.#element = element;
    this.#nFrames = nFrames;
    this.#tracks = element.querySelectorAll("[data-track]");
    this.#parts = Object.fromEntries(
      ["playhead", "ghost", "selection"].map((id) => [id, document.getElementById(id)]),
    );
    [this.first, this.last] = window;
    this.#layTracks();
    this.#bind();
  }

  get isWhole() {
    return this.first === 0 && this.last === this.#nFrames;
  }

  showWindow(first, last) {
    const width = Math.max(Math.round(last - first), Math.min(SMALLEST_WINDOW, this.#nFrames));
    this.first = Math.round(Math.min(Math.max(first, 0), this.#nFrames - width));
    this.last = Math.min(this.first + width, this.#nFrames);
    this.#layTracks();
    this.dispatchEvent(new Event("window"));
  }

  showWhole() {
    this.showWindow(0, this.#nFrames);
  }

  moveTo(frame) {
    const { playhead } = this.#parts;
    playhead.hidden = frame < this.first || frame >= this.last;
    playhead.style.left = `${this.#share(frame + 0.5) * 100}%`;
    playhead.setAttribute("aria-valuenow", frame);
  }

  // Keeps a playing frame in sight by turning the page.
  follow(frame) {
    const isOutside = frame < this.first || frame >= this.last;
    if (isOutside) this.showWindow(frame, frame + this.last - this.first);
  }

  #share(position) {
    return (position - this.first) / (this.last - this.first);
  }

  #layTracks() {
    const scale = this.#nFrames / (this.last - this.first);
    for (const track of this.#tracks) {
      track.style.left = `${this.#share(0) * 100}%`;
      track.style.width = `${scale * 100}%`;
    }
  }

  #positionAt(clientX) {
    const { left, width } = this.#element.getBoundingClientRect();
    const share = Math.min(Math.max((clientX - left) / width, 0), 1);
    return this.first + share * (this.last - this.first);
  }

  #frameAt(clientX) {
    return Math.min(Math.floor(this.#positionAt(clientX)), this.last - 1);
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(Object.assign(new Event(name), detail));
  }

  #bind() {
    const element = this.#element;
    element.addEventListener("pointerdown", (event) => this.#press(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#release(event));
    element.addEventListener("pointercancel", () => this.#endSelection());
    element.addEventListener("pointerleave", () => this.#hover(null));
    element.addEventListener("dblclick", () => this.showWhole());
  }

  #press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#element.setPointerCapture(event.pointerId);
    if (event.shiftKey || this.isZooming) this.#dragStart = event.clientX;
    else this.#tell("seek", { frame: this.#frameAt(event.clientX) });
  }

  #move(event) {
    this.#hover(event.clientX);
    if (this.#dragStart !== null) this.#drawSelection(event.clientX);
    else if (this.#element.hasPointerCapture(event.pointerId)) {
      this.#tell("seek", { frame: this.#frameAt(event.clientX) });
    }
  }

  #release(event) {
    const start = this.#dragStart;
    this.#endSelection();
    if (start === null || Math.abs(event.clientX - start) < CLICK_PIXELS) return;
    const ends = [this.#positionAt(start), this.#positionAt(event.clientX)].sort((a, b) => a - b);
    this.showWindow(Math.floor(ends[0]), Math.ceil(ends[1]));
  }

  #drawSelection(clientX) {
    const [from, to] = [this.#dragStart, clientX].map((x) => this.#share(this.#positionAt(x)) * 100);
    const { selection } = this.#parts;
    selection.hidden = false;
    selection.style.left = `${Math.min(from, to)}%`;
    selection.style.width = `${Math.abs(to - from)}%`;
  }

  #endSelection() {
    this.#dragStart = null;
    this.#parts.selection.hidden = true;
  }

  #hover(clientX) {
    const { ghost } = this.#parts;
    ghost.hidden = clientX === null;
    if (clientX === null) return this.#tell("hover");
    const frame = this.#frameAt(clientX);
    ghost.style.left = `${this.#share(frame + 0.5) * 100}%`;
    this.#tell("hover", { frame });
  }
}
