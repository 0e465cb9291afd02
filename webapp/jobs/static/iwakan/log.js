// A job's log: grows while the job runs, follows its end until you scroll up, can be searched.

import { ask } from "./ask.js";

const POLL_MS = 1000;
const SHOWN_CHARACTERS = 2_000_000; // more would make the page slow; the download has all
const CHUNK_BYTES = 65_536;

class LogViewer {
  constructor(section) {
    this.url = section.dataset.log;
    this.next = Number(section.dataset.next);
    this.start = Number(section.dataset.start);
    this.hasEnded = "ended" in section.dataset;
    this.text = section.querySelector("[data-log-text]");
    this.followButton = section.querySelector("[data-log-follow]");
    this.decoder = new TextDecoder(); // holds back half a character at the end of an answer
    this.search = new LogSearch(section, this.text);
    this.text.addEventListener("scroll", () => this.onScroll());
    this.followButton.addEventListener("click", () => this.follow());
    showCopy(section, this.text);
    this.follow();
    this.poll();
  }

  get isAtEnd() {
    return this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 8;
  }

  follow() {
    this.text.scrollTop = this.text.scrollHeight;
    this.followButton.hidden = true;
  }

  onScroll() {
    this.followButton.hidden = this.isAtEnd || this.hasEnded;
    if (this.text.scrollTop === 0) this.loadEarlier();
  }

  async poll() {
    if (this.hasEnded) return;
    try {
      await this.loadLater();
    } catch {
      // The answer broke off: the next poll asks for it again.
    }
    setTimeout(() => this.poll(), POLL_MS);
  }

  async loadLater() {
    const response = await ask(`${this.url}?after=${this.next}`);
    if (!response) return;
    const data = await response.arrayBuffer();
    this.next = Number(response.headers.get("X-Next-Offset"));
    if (data.byteLength > 0) this.append(this.decoder.decode(data, { stream: true }));
    else this.hasEnded = response.headers.has("X-Job-Ended");
  }

  append(text) {
    const follows = this.isAtEnd;
    this.text.append(text);
    while (this.text.textContent.length > SHOWN_CHARACTERS && this.text.childNodes.length > 1) {
      this.start += new TextEncoder().encode(this.text.firstChild.data).length;
      this.text.firstChild.remove();
    }
    this.search.run();
    if (follows) this.follow();
  }

  async loadEarlier() {
    if (this.start === 0 || this.isLoadingEarlier) return;
    this.isLoadingEarlier = true;
    const from = Math.max(0, this.start - CHUNK_BYTES);
    const response = await ask(`${this.url}?after=${from}`);
    if (response) {
      const data = (await response.arrayBuffer()).slice(0, this.start - from);
      const heightBefore = this.text.scrollHeight;
      this.text.prepend(new TextDecoder().decode(data));
      this.text.scrollTop += this.text.scrollHeight - heightBefore;
      this.start = from;
    }
    this.isLoadingEarlier = false;
  }
}

class LogSearch {
  constructor(section, text) {
    this.text = text;
    this.input = section.querySelector("[data-log-search]");
    this.found = section.querySelector("[data-log-found]");
    this.current = 0;
    this.ranges = [];
    if (!("highlights" in CSS)) return; // the browser's own search still works
    this.input.closest("label").hidden = false;
    this.input.addEventListener("input", () => this.run());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
    });
  }

  run() {
    const wanted = this.input.value.toLowerCase();
    this.ranges = wanted ? [...this.text.childNodes].flatMap((node) => rangesOf(node, wanted)) : [];
    this.current = Math.min(this.current, Math.max(0, this.ranges.length - 1));
    this.show();
  }

  step(by) {
    if (this.ranges.length === 0) return;
    this.current = (this.current + by + this.ranges.length) % this.ranges.length;
    this.show();
    const place = this.ranges[this.current].getBoundingClientRect();
    const box = this.text.getBoundingClientRect();
    this.text.scrollTop += place.top - box.top - box.height / 2;
  }

  show() {
    if (!("highlights" in CSS)) return;
    const current = this.ranges[this.current];
    CSS.highlights.set("log-search", new Highlight(...this.ranges));
    CSS.highlights.set("log-search-current", new Highlight(...(current ? [current] : [])));
    const total = this.ranges.length;
    this.found.textContent = this.input.value ? `${total && this.current + 1} / ${total}` : "";
  }
}

function rangesOf(node, wanted) {
  const ranges = [];
  const text = node.data.toLowerCase();
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + wanted.length);
    ranges.push(range);
  }
  return ranges;
}

function showCopy(section, text) {
  const button = section.querySelector("[data-log-copy]");
  const label = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 1500);
  });
}

for (const section of document.querySelectorAll("[data-log]")) new LogViewer(section);
