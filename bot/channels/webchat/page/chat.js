/**
 * The web chat: the conversation, the line where one types, and short notices.
 *
 * The conversation lives in the DOM only; nothing of it goes into any storage.
 */

import { buildCard, fitCard, make, setWorking, tickDeadlines } from "./card.js";
import { Connection } from "./connection.js";
import { isShown, listen, ownWindow, tell } from "./inside.js";
import { useWords, words } from "./words.js";

const FILE_LIMIT_BYTES = 2 * 1024 * 1024;
const LONGEST_SIDE_PX = 2_000;
const NEAR_BOTTOM_PX = 80;
const TRAIL_LENGTH = 5;
const DOTS_AFTER_MS = 700;

const byId = (id) => document.getElementById(id);
const log = byId("log");
const dots = byId("dots");
const entry = byId("entry");
const sendButton = byId("send");
const attachButton = byId("attach");
const picker = byId("picker");
const toast = byId("toast");
const offlineBar = byId("offline");
const newerButton = byId("newer");
const closeButton = byId("close");
const shop = document.title;

const shownIds = new Set();
let isWelcomed = false;
let mayAlwaysAttach = false;
/** Server time minus ours: a phone's wrong clock must not make a payment look expired. */
let clockSkewMs = 0;
let dotsTimer = 0;
let toastTimer = 0;

const cards = () => [...log.querySelectorAll(".card")];
const isOrder = (slot) => Boolean(slot?.startsWith("order:"));

/* ---------------------------------------------------------------- what the server says */

function welcome(frame) {
  isWelcomed = true;
  useWords(frame.words);
  if (frame.now) clockSkewMs = Date.parse(frame.now) - Date.now();
  document.documentElement.lang = frame.language === "zh" ? "zh-CN" : frame.language;
  mayAlwaysAttach = frame.attach;
  attachButton.hidden = !mayAlwaysAttach && !entry.classList.contains("files");
  offlineBar.hidden = true;
  log.classList.remove("lost");
  applyWords();
}

/** Screens and notices come at least once; the id makes it exactly once, and repeated news is confirmed again. */
function receive(frame) {
  if (frame.news && !isShown()) {
    connection.post({ type: "later", id: frame.id });
    tell("news");
    return;
  }
  if (!shownIds.has(frame.id)) {
    shownIds.add(frame.id);
    if (frame.type === "screen") showScreen(frame);
    else if (frame.type === "toast") notify(frame.text);
  }
  if (frame.news) connection.post({ type: "seen", id: frame.id });
}

function showScreen({ slot, news, quiet, screen }) {
  if (quiet && !cards().some((card) => card.dataset.slot === slot)) return;
  const isFirst = cards().length === 0;
  const isFollowing = connection.isBusy || isNearBottom();
  const card = buildCard(screen, { press, notify });
  const old = slot && cards().find((other) => other.dataset.slot === slot);
  // The focus goes along with the screen that takes another's place, and to the answer to what was pressed by keyboard.
  const focused = document.activeElement;
  const hadFocus = old?.contains(focused) || (!news && !quiet && focused.matches('[aria-busy="true"]'));
  if (slot) card.dataset.slot = slot;
  const isAppended = place(card, old, news);
  fitCard(card);
  refreshOld();
  refreshLock();
  tickDeadlines(log, Date.now() + clockSkewMs);
  if (hadFocus) card.focus({ preventScroll: true });
  if (!quiet) ask(screen.prompt, news);
  if (isFollowing) scrollToCard(card, isFirst);
  else if (isAppended) newerButton.hidden = false;
  if (news && document.hidden) document.title = `● ${shop}`;
}

/** In place, unless it is news or an answer: an answer stands below what the person pressed or said since. */
function place(card, old, news) {
  const isAnswer = connection.isBusy || card.dataset.slot === "screen";
  if (old && !news && !(isAnswer && isFollowedByOwn(old))) {
    card.classList.add("still");
    old.replaceWith(card);
    return false;
  }
  old?.remove();
  joinTrails();
  log.insertBefore(card, dots);
  return true;
}

function isFollowedByOwn(card) {
  for (let next = card.nextElementSibling; next; next = next.nextElementSibling) {
    if (next.matches(".trail, .said")) return true;
  }
  return false;
}

/** Earlier screens fade but stay pressable; orders never grow old, their buttons are needed for days. */
function refreshOld() {
  const screens = cards().filter((card) => !isOrder(card.dataset.slot));
  const newest = screens.filter((card) => card.querySelector(".key")).at(-1);
  for (const card of screens) card.classList.toggle("old", card !== newest);
}

/* ---------------------------------------------------------------- what the person does */

function press(key, button) {
  // A double tap must not order twice.
  if (connection.isBusy) return;
  setWorking(key, true);
  const [first] = button.text.split(/ {2,}/u);
  submit({ type: "press", link: button.link }, { key, bubble: showOwn(first, "trail") });
}

function say() {
  const text = entry.value.trim();
  if (!text) return;
  entry.value = "";
  fitEntry();
  const isSecret = entry.classList.contains("secret");
  submit({ type: "say", text }, { bubble: showOwn(isSecret ? "••••••" : text, "said") });
}

async function sendFile(chosen) {
  const file = await shrink(chosen);
  if (file.size > FILE_LIMIT_BYTES) {
    notify(words.too_big);
    return;
  }
  const content = await readBase64(file);
  submit({ type: "file", name: file.name, content }, { bubble: showOwn(file.name, "said") });
}

/** A phone's photo is larger than anybody needs to see what is meant, and says where it was taken: draw it anew. */
async function shrink(file) {
  if (file.size <= FILE_LIMIT_BYTES || !file.type.startsWith("image/")) return file;
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, LONGEST_SIDE_PX / Math.max(picture.width, picture.height));
  const canvas = make("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const drawn = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
  return drawn ? new File([drawn], `${file.name.replace(/\.[^.]*$/u, "")}.jpg`, { type: drawn.type }) : file;
}

function readBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function submit(frame, origin) {
  origin.bubble.classList.add("waiting");
  origin.bubble.dataset.unsent = words.unsent;
  connection.submit(frame, origin);
  refreshLock();
}

function showOwn(text, groupClass) {
  const bubble = make("div", "own", text);
  bubble.setAttribute("role", "group");
  bubble.setAttribute("aria-label", words.me);
  const group = make("div", groupClass);
  group.append(bubble);
  log.insertBefore(group, dots);
  joinTrails();
  scrollToBottom();
  return bubble;
}

/** What was pressed reads as a trail of steps; steps whose screens have moved on stand side by side. */
function joinTrails() {
  for (const trail of log.querySelectorAll(".trail + .trail")) {
    const earlier = trail.previousElementSibling;
    earlier.append(...trail.childNodes);
    trail.remove();
    while (earlier.childElementCount > TRAIL_LENGTH) earlier.firstElementChild.remove();
  }
}

function showTaken({ bubble }) {
  bubble.classList.remove("waiting");
}

function showFinished({ key, bubble }) {
  bubble.classList.remove("waiting");
  if (key) setWorking(key, false);
  refreshLock();
}

/** While something waits for its answer, no button takes another press. */
function refreshLock() {
  const isLocked = connection.isBusy;
  log.classList.toggle("locked", isLocked);
  for (const key of log.querySelectorAll(".key.press")) key.setAttribute("aria-disabled", String(isLocked));
  clearTimeout(dotsTimer);
  dots.hidden = dots.hidden || !isLocked;
  if (isLocked && dots.hidden) dotsTimer = setTimeout(showDots, DOTS_AFTER_MS);
}

function showDots() {
  const isFollowing = isNearBottom();
  dots.hidden = false;
  if (isFollowing) scrollToBottom();
}

/* ---------------------------------------------------------------- scrolling */

function isNearBottom() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_BOTTOM_PX;
}

function scrollToBottom() {
  log.scrollTo({ top: log.scrollHeight, behavior: scrollBehavior() });
}

/** Shows the end of the conversation, but of a card taller than the window its beginning. */
function scrollToCard(card, isFirst) {
  const top = Math.min(card.offsetTop - 12, log.scrollHeight - log.clientHeight);
  log.scrollTo({ top, behavior: isFirst ? "auto" : scrollBehavior() });
}

function scrollBehavior() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

/* ---------------------------------------------------------------- composer and notices */

/** Shows what an answer is wanted for. News arriving meanwhile does not withdraw the question; an answer does. */
function ask(prompt, isNews) {
  if (!prompt && isNews) return;
  entry.classList.toggle("files", Boolean(prompt?.files));
  attachButton.hidden = !mayAlwaysAttach && !prompt?.files;
  entry.placeholder = prompt?.placeholder || words.placeholder;
  entry.classList.toggle("asked", Boolean(prompt));
  entry.classList.toggle("secret", Boolean(prompt?.secret));
  // Only in a page being used: two chats side by side must not pull the cursor from each other.
  if (prompt && document.hasFocus()) entry.focus({ preventScroll: true });
}

function fitEntry() {
  sendButton.disabled = !entry.value.trim();
  entry.style.height = "auto";
  entry.style.height = `${entry.scrollHeight + 2}px`;
}

function notify(text) {
  clearTimeout(toastTimer);
  toast.hidden = true;
  toast.textContent = text;
  toast.hidden = false;
  toastTimer = setTimeout(() => { toast.hidden = true; }, 2_000 + 60 * text.length);
}

function showLost() {
  offlineBar.textContent = isWelcomed ? words.reconnecting : words.connecting;
  offlineBar.hidden = false;
  log.classList.add("lost");
}

function showRefused() {
  offlineBar.replaceChildren(words.no_cookie, " ", ownWindow(words.own_window));
}

/** Where one goes on by keyboard; on a phone none pops up. */
function takeFocus() {
  (matchMedia("(pointer: fine)").matches ? entry : log).focus();
}

function applyWords() {
  sendButton.textContent = words.send;
  attachButton.title = words.attach;
  attachButton.setAttribute("aria-label", words.attach);
  newerButton.setAttribute("aria-label", words.newer);
  closeButton.setAttribute("aria-label", words.close);
  entry.setAttribute("aria-label", words.placeholder);
  byId("composer").setAttribute("aria-label", words.send);
  log.setAttribute("aria-label", words.conversation);
  if (!entry.classList.contains("asked")) entry.placeholder = words.placeholder;
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
});
entry.addEventListener("input", fitEntry);
entry.addEventListener("keydown", (event) => {
  // Enter also accepts a word from a Chinese input method (229 in Safari); that must not send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  say();
});
attachButton.addEventListener("click", () => picker.click());
picker.addEventListener("change", async () => {
  const files = [...picker.files];
  picker.value = "";
  for (const file of files) await sendFile(file);
});
newerButton.addEventListener("click", scrollToBottom);
log.addEventListener("scroll", () => { newerButton.hidden = newerButton.hidden || isNearBottom(); }, { passive: true });
new ResizeObserver(() => cards().forEach(fitCard)).observe(log);
document.addEventListener("visibilitychange", () => { if (!document.hidden) document.title = shop; });

applyWords();
const connection = new Connection({
  isResuming: () => cards().length > 0 || !isShown(),
  onWelcome: welcome,
  onFrame: receive,
  onLost: showLost,
  onRefused: showRefused,
  onTaken: showTaken,
  onFinished: showFinished,
});
listen(closeButton, takeFocus, () => connection.renew());
setInterval(() => tickDeadlines(log, Date.now() + clockSkewMs), 1_000);
