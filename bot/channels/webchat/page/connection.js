/**
 * The line to the server: reconnects by itself, and keeps each message until the server has finished it.
 *
 * A message carries an id made here and is sent again under the same id after every loss until it is "done", so it
 * arrives at least once, the server can see that it is the same, and an answer that was lost is given again.
 */

const RECONNECT_FIRST_MS = 500;
const RECONNECT_LONGEST_MS = 15_000;
/** Unanswered this long, a line counts as dead (phones keep sockets that lead nowhere). */
const TAKEN_TIMEOUT_MS = 12_000;
/** Whoever waits longer than this may press something else meanwhile. */
const DONE_TIMEOUT_MS = 30_000;
const MOST_TRIES = 5;
/** What was typed without a line is sent no faster than the server lets people talk: it would refuse the rest. */
const BACKLOG_AT_ONCE = 3;
const BACKLOG_EVERY_MS = 1_000;
/** A line that was silent is asked so often whether it still leads anywhere: what is waiting there are codes. */
const BEAT_MS = 20_000;
/** After this long without a beat, or in the background, the line is renewed rather than trusted. */
const ASLEEP_MS = 90_000;

export class Connection {
  #events;
  #socket = null;
  #isWelcomed = false;
  #isUnheard = false;
  #failures = 0;
  #refusals = 0;
  #reconnectTimer = 0;
  #hiddenSince = Date.now();
  #beatenAt = Date.now();
  /** Unfinished messages by id, in sending order. */
  #messages = new Map();

  /**
   * @param events isResuming() tells whether a conversation is already shown; onWelcome(frame), onFrame(frame) (screens
   *   and toasts), onLost(), onRefused() when there is a page but no line for it, onTaken(origin) and onFinished(origin), where origin is what `submit` was given.
   */
  constructor(events) {
    this.#events = events;
    addEventListener("online", () => this.#reconnectNow());
    addEventListener("offline", () => this.#lose());
    document.addEventListener("visibilitychange", () => this.#wake());
    setInterval(() => this.#beat(), BEAT_MS);
    this.#connect();
  }

  get isBusy() {
    return [...this.#messages.values()].some((message) => !message.isLate);
  }

  /** Sends a frame that needs no answer; on a lost line it is dropped. */
  post(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  submit(frame, origin) {
    const message = { frame: { ...frame, id: `c-${uuid()}` }, origin, tries: 0, isLate: false, timer: 0 };
    this.#messages.set(message.frame.id, message);
    if (this.#isWelcomed) this.#transmit(message);
  }

  #connect() {
    clearTimeout(this.#reconnectTimer);
    const socket = new WebSocket(socketUrl());
    this.#socket = socket;
    socket.onopen = () => this.post({ type: "hello", resume: this.#events.isResuming() });
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => this.#lose();
  }

  /** Lets go at once (on a dead line the close event can take minutes) and plans the next attempt. */
  #lose() {
    if (!this.#socket) return;
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close();
    this.#socket = null;
    this.#isWelcomed = this.#isUnheard = false;
    for (const message of this.#messages.values()) clearTimeout(message.timer);
    const longest = Math.min(RECONNECT_LONGEST_MS, RECONNECT_FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#reconnectTimer = setTimeout(() => this.#reconnect(), longest * (0.5 + Math.random() / 2));
    // A page that is renewed and still refused: the browser keeps nothing of it.
    if (this.#refusals > 1) this.#events.onRefused();
    else this.#events.onLost();
  }

  /** After a refused handshake the page is asked for first: only the page renews an outlived cookie. */
  async #reconnect() {
    clearTimeout(this.#reconnectTimer);
    if (this.#socket) return;
    if (this.#failures > 1) {
      const page = await fetch(location.href, { cache: "no-store" }).catch(() => null);
      this.#refusals = page?.ok ? this.#refusals + 1 : 0;
    }
    if (!this.#socket) this.#connect();
  }

  #reconnectNow() {
    if (this.#socket) return;
    this.#failures = Math.min(this.#failures, 1);
    this.#reconnect();
  }

  /** Begins anew: what waits for the person comes now. */
  renew() {
    this.#lose();
    this.#reconnectNow();
  }

  #wake() {
    if (document.hidden) this.#hiddenSince = Date.now();
    else if (Date.now() - this.#hiddenSince > ASLEEP_MS) this.renew();
    else this.#reconnectNow();
  }

  /** A closed lid is not "hidden": that an hour is missing tells it. */
  #beat() {
    const hasSlept = Date.now() - this.#beatenAt > ASLEEP_MS;
    this.#beatenAt = Date.now();
    if (hasSlept || this.#isUnheard) this.renew();
    else if (this.#socket) {
      this.#isUnheard = true;
      this.post({ type: "ping" });
    }
  }

  #receive(frame) {
    this.#isUnheard = false;
    if (frame.type === "welcome") this.#welcome(frame);
    else if (frame.type === "taken") this.#take(frame.id);
    else if (frame.type === "done") this.#finish(frame.id);
    else if (frame.type !== "pong") this.#events.onFrame(frame);
  }

  #welcome(frame) {
    this.#isWelcomed = true;
    this.#failures = this.#refusals = 0;
    this.#events.onWelcome(frame);
    let at = 0;
    for (const message of [...this.#messages.values()]) {
      if (message.tries >= MOST_TRIES) this.#finish(message.frame.id);
      else message.timer = setTimeout(() => this.#transmit(message), BACKLOG_EVERY_MS * Math.max(0, at++ - BACKLOG_AT_ONCE));
    }
  }

  #transmit(message) {
    message.tries += 1;
    this.post(message.frame);
    this.#awaitTaken(message);
  }

  #awaitTaken(message) {
    clearTimeout(message.timer);
    message.timer = setTimeout(() => {
      // A slow upload is not a dead line: bytes still leaving mean waiting.
      if (this.#socket?.bufferedAmount > 0) this.#awaitTaken(message);
      else this.#lose();
    }, TAKEN_TIMEOUT_MS);
  }

  #take(id) {
    const message = this.#messages.get(id);
    if (!message) return;
    this.#events.onTaken(message.origin);
    clearTimeout(message.timer);
    message.timer = setTimeout(() => {
      message.isLate = true;
      this.#events.onFinished(message.origin);
    }, DONE_TIMEOUT_MS);
  }

  #finish(id) {
    const message = this.#messages.get(id);
    if (!message) return;
    clearTimeout(message.timer);
    this.#messages.delete(id);
    this.#events.onFinished(message.origin);
  }
}

/** `…/chat` talks to `…/chat/ws`, `…/staff` to `…/staff/ws`, under any prefix. */
function socketUrl() {
  const path = location.pathname.replace(/\/+$/u, "");
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}${path}/ws`;
}

/** Not `crypto.randomUUID`: plain-http pages have none, such as a shop tried out over a home network. */
function uuid() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
