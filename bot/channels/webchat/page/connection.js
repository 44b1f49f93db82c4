/**
 * The line to the server: reconnects by itself, and keeps each message until the server has finished it.
 *
 * A message carries an id made here and is sent again under the same id after every loss until it is "taken", so it
 * arrives at least once and the server can see that it is the same.
 */

const RECONNECT_FIRST_MS = 500;
const RECONNECT_LONGEST_MS = 15_000;
/** Unanswered this long, a line counts as dead (phones keep sockets that lead nowhere). */
const TAKEN_TIMEOUT_MS = 12_000;
/** A message counts as finished this long after "taken": the word "done" may have been lost with a line. */
const DONE_TIMEOUT_MS = 30_000;
const DONE_AFTER_RECONNECT_MS = 5_000;
/** Back after this long in the background, the line is renewed rather than trusted. */
const ASLEEP_MS = 60_000;

export class Connection {
  #events;
  #socket = null;
  #isWelcomed = false;
  #failures = 0;
  #reconnectTimer = 0;
  #hiddenSince = 0;
  /** Unfinished messages by id, in sending order. */
  #messages = new Map();

  /**
   * @param events isResuming() tells whether a conversation is already shown; onWelcome(frame), onFrame(frame) (screens
   *   and toasts), onLost(), onTaken(origin) and onFinished(origin), where origin is what `submit` was given.
   */
  constructor(events) {
    this.#events = events;
    addEventListener("online", () => this.#reconnectNow());
    document.addEventListener("visibilitychange", () => this.#wake());
    this.#connect();
  }

  get isBusy() {
    return this.#messages.size > 0;
  }

  /** Sends a frame that needs no answer; on a lost line it is dropped. */
  post(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  submit(frame, origin) {
    const message = { frame: { ...frame, id: `c-${uuid()}` }, origin, isTaken: false, timer: 0 };
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
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close();
    this.#socket = null;
    this.#isWelcomed = false;
    for (const message of this.#messages.values()) clearTimeout(message.timer);
    const longest = Math.min(RECONNECT_LONGEST_MS, RECONNECT_FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#reconnectTimer = setTimeout(() => this.#reconnect(), longest * (0.5 + Math.random() / 2));
    this.#events.onLost();
  }

  /** After a refused handshake the page is asked for first: only the page renews an outlived cookie. */
  async #reconnect() {
    clearTimeout(this.#reconnectTimer);
    if (this.#socket) return;
    if (this.#failures > 1) await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (!this.#socket) this.#connect();
  }

  #reconnectNow() {
    if (this.#socket) return;
    this.#failures = Math.min(this.#failures, 1);
    this.#reconnect();
  }

  #wake() {
    if (document.hidden) {
      this.#hiddenSince = Date.now();
      return;
    }
    if (this.#socket && Date.now() - this.#hiddenSince > ASLEEP_MS) this.#lose();
    this.#reconnectNow();
  }

  #receive(frame) {
    if (frame.type === "welcome") this.#welcome(frame);
    else if (frame.type === "taken") this.#take(frame.id);
    else if (frame.type === "done") this.#finish(frame.id);
    else this.#events.onFrame(frame);
  }

  #welcome(frame) {
    this.#isWelcomed = true;
    this.#failures = 0;
    this.#events.onWelcome(frame);
    for (const message of this.#messages.values()) {
      if (message.isTaken) this.#awaitDone(message, DONE_AFTER_RECONNECT_MS);
      else this.#transmit(message);
    }
  }

  #transmit(message) {
    this.post(message.frame);
    this.#awaitTaken(message);
  }

  #awaitTaken(message) {
    clearTimeout(message.timer);
    message.timer = setTimeout(() => {
      // A slow upload is not a dead line: bytes still leaving mean waiting.
      if (this.#socket?.bufferedAmount > 0) this.#awaitTaken(message);
      else if (this.#socket) this.#lose();
    }, TAKEN_TIMEOUT_MS);
  }

  #take(id) {
    const message = this.#messages.get(id);
    if (!message) return;
    message.isTaken = true;
    this.#events.onTaken(message.origin);
    this.#awaitDone(message, DONE_TIMEOUT_MS);
  }

  #awaitDone(message, timeoutMs) {
    clearTimeout(message.timer);
    message.timer = setTimeout(() => this.#finish(message.frame.id), timeoutMs);
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
