// The exact score of any frame, read in pieces around the frames that are looked at.

import { ask } from "../ask.js";

const FRAMES_PER_PIECE = 16384;
const PAUSE_MILLISECONDS = 5000; // before a piece that did not come is asked for again

export class Values {
  #url;
  #nFrames;
  #pieces = new Map(); // "run:number" -> promise of a Float32Array

  constructor(url, nFrames) {
    this.#url = url;
    this.#nFrames = nFrames;
  }

  // NaN where the frame has no score, undefined while the site does not answer.
  async at(run, frame) {
    const number = Math.floor(frame / FRAMES_PER_PIECE);
    const key = `${run}:${number}`;
    if (!this.#pieces.has(key)) this.#pieces.set(key, this.#load(run, number, key));
    return (await this.#pieces.get(key))[frame - number * FRAMES_PER_PIECE];
  }

  async #load(run, number, key) {
    const from = number * FRAMES_PER_PIECE;
    const to = Math.min(from + FRAMES_PER_PIECE, this.#nFrames);
    const response = await ask(`${this.#url}?${new URLSearchParams({ run, from, to })}`);
    if (response) return new Float32Array(await response.arrayBuffer());
    setTimeout(() => this.#pieces.delete(key), PAUSE_MILLISECONDS);
    return [];
  }
}
