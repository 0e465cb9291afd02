// The one clock of the page: the frame that is shown. Frame k of the proxy is on screen from
// k / fps on; to seek is to go to its middle, where no rounding can reach a neighbour.

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// Events: "frame" when another frame is shown, "painted" when its picture, or that of one on the
// way to it, is on screen, "state" when play, pause or speed change.
export class Clock extends EventTarget {
  frame = 0;
  painted = null; // frame whose picture is on screen
  #video;
  #fps;
  #nFrames;
  #target = null; // frame that a seek is on its way to

  constructor(video, { fps, nFrames }) {
    super();
    this.#video = video;
    this.#fps = fps;
    this.#nFrames = nFrames;
    video.addEventListener("loadedmetadata", () => this.#target !== null && this.#jump());
    video.addEventListener("seeked", () => this.#arrive());
    video.addEventListener("loadeddata", () => this.#tellArrived());
    for (const name of ["pause", "ended"]) video.addEventListener(name, () => this.#settle());
    for (const name of ["play", "pause", "ratechange"]) {
      video.addEventListener(name, () => this.dispatchEvent(new Event("state")));
    }
    this.#follow();
  }

  get isPlaying() {
    return !this.#video.paused;
  }

  get rate() {
    return this.#video.playbackRate;
  }

  set rate(rate) {
    this.#video.playbackRate = rate;
  }

  toggle() {
    if (this.isPlaying) this.#video.pause();
    else this.#video.play();
  }

  // Shows the frame at once in numbers, and in the picture as soon as it is decoded.
  seek(frame) {
    this.#target = clamp(Math.round(frame), 0, this.#nFrames - 1);
    this.#show(this.#target);
    if (this.#video.readyState > 0 && !this.#video.seeking) this.#jump();
  }

  step(nFrames) {
    this.#video.pause();
    this.seek(this.frame + nFrames);
  }

  #timeOf(frame) {
    return (frame + 0.5) / this.#fps;
  }

  #jump() {
    this.#video.currentTime = this.#timeOf(this.#target);
  }

  // While one seek was under way others may have been asked for: only the last is done.
  #arrive() {
    this.#tellArrived();
    if (this.#target === null) return;
    const isThere = Math.abs(this.#video.currentTime - this.#timeOf(this.#target)) < 0.5 / this.#fps;
    if (isThere) this.#target = null;
    else this.#jump();
  }

  // Time goes on a little after the last painted frame: go back to that one.
  #settle() {
    if (this.#video.ended) this.#show(this.#nFrames - 1);
    else if (this.#target === null) this.seek(this.frame);
  }

  #show(frame) {
    const shown = clamp(frame, 0, this.#nFrames - 1);
    if (shown === this.frame) return;
    this.frame = shown;
    this.dispatchEvent(new Event("frame"));
  }

  #tellArrived() {
    if (!this.#video.seeking) this.#tellPainted(Math.floor(this.#video.currentTime * this.#fps));
  }

  #tellPainted(frame) {
    const painted = clamp(frame, 0, this.#nFrames - 1);
    if (painted === this.painted) return;
    this.painted = painted;
    this.dispatchEvent(new Event("painted"));
  }

  // Each painted frame says which one it is; where the browser cannot tell, the time does.
  #follow() {
    const video = this.#video;
    const painted = (time) => {
      const frame = Math.round(time * this.#fps - 1e-3);
      if (!video.paused && this.#target === null) this.#show(frame);
      if (!video.paused && !video.seeking) this.#tellPainted(frame);
      this.#follow();
    };
    if (video.requestVideoFrameCallback) {
      video.requestVideoFrameCallback((_, { mediaTime }) => painted(mediaTime));
    } else {
      requestAnimationFrame(() => painted(video.currentTime - 0.5 / this.#fps));
    }
  }
}
