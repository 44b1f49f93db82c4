/**
 * A screen as a card. All that people wrote becomes text, never markup, and a code is not even in the page before the
 * person uncovers it.
 */

import { words } from "./words.js";

const COUNTDOWN_FROM_MS = 5 * 60_000;
const COPIED_MS = 1_600;
/** What a button may open; anything else (javascript:, data:, …) is shown but leads nowhere. */
const URL_SCHEMES = new Set(["https:", "http:", "tg:", "alipays:", "weixin:", "mailto:", "tel:"]);
const MONEY = /^[+\-−]?\s?(?:[A-Z]{2})?[¥￥$€£]\s?\d/u;

export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/**
 * @param screen as on the wire.
 * @param actions press(key, button) for a button with a link; notify(text) for a short notice.
 */
export function buildCard(screen, actions) {
  const card = make("article", "card");
  card.tabIndex = -1;
  const title = screen.lines.find((line) => line.style === "title");
  if (title) card.setAttribute("aria-label", title.text);
  card.append(...buildLines(screen.lines));
  if (screen.qr) card.append(buildQr(screen.qr));
  if (screen.deadline) card.append(buildDeadline(screen.deadline));
  if (screen.file) card.append(buildFile(screen.file));
  if (screen.attachment) card.append(buildAttachment(screen.attachment));
  if (screen.rows.length > 0) card.append(buildKeys(screen.rows, actions));
  return card;
}

/** Lays tables and buttons out for the card's present width; again after each change of width. */
export function fitCard(card) {
  card.querySelectorAll(".table").forEach(fitTable);
  card.querySelectorAll(".keys .row").forEach(fitKeys);
}

/* ---------------------------------------------------------------- lines */

function buildLines(lines) {
  const nodes = [];
  for (const line of lines) {
    if (line.secret !== undefined) nodes.push(buildFoil(line.secret));
    else if (line.style === "quote") nodes.push(make("blockquote", "quote", line.text));
    else if (line.style === "plain") for (const text of line.text.split("\n")) addPlain(nodes, text);
    else nodes.push(fillLine(make(line.style === "title" ? "h2" : "p"), line.style, splitCells(line.text)));
  }
  return nodes.map((node) => (node.matches(".table") && node.childElementCount === 1 ? tableToLine(node) : node));
}

function addPlain(nodes, text) {
  const cells = splitCells(text);
  const above = nodes.at(-1);
  const row = make("div", "row");
  if (cells.length < 2) {
    nodes.push(fillLine(make("p"), text.trim() ? "plain" : "plain blank", cells));
    return;
  }
  appendCells(row, cells);
  if (above?.matches(".table") && above.firstElementChild.childElementCount === cells.length) above.append(row);
  else nodes.push(tableOf(row));
}

function tableOf(row) {
  const table = make("div", "table");
  table.append(row);
  return table;
}

/** One aligned line alone is no table: it flows. */
function tableToLine(table) {
  const line = make("p", "line plain cells");
  line.append(...table.firstElementChild.childNodes);
  return line;
}

function fillLine(node, style, cells) {
  node.className = `line ${style}`;
  if (cells[0].text.startsWith("\u3000")) node.classList.add("indented");
  if (cells.length < 2) {
    node.textContent = cells[0].text;
    return node;
  }
  node.classList.add("cells");
  appendCells(node, cells);
  return node;
}

/** The blanks between cells stay in the text, so that a copied line reads as it was sent. */
function appendCells(parent, cells) {
  for (const { text, gap } of cells) {
    if (gap) parent.append(gap);
    parent.append(make("span", MONEY.test(text) ? "cell money" : "cell", text));
  }
}

/** "name        ¥15.00   in stock" → three cells. Leading blanks are an indent, not a gap. */
function splitCells(text) {
  if (text.includes("\n")) return [{ text, gap: "" }];
  const indent = /^\s*/u.exec(text)[0];
  const parts = text.slice(indent.length).trimEnd().split(/([ \t\u3000]{2,})/u);
  const cells = [{ text: indent + parts[0], gap: "" }];
  for (let at = 1; at < parts.length; at += 2) cells.push({ text: parts[at + 1], gap: parts[at] });
  return cells;
}

/** The widest column takes what the others leave; where that is too little, each row flows by itself. */
function fitTable(table) {
  const rows = [...table.children].map((row) => [...row.children]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => widthInEm(row[column].textContent))));
  const widest = widths.indexOf(Math.max(...widths));
  const available = widthOf(table);
  const others = widths.reduce((sum, width, column) => sum + (column === widest ? 0 : width + 1), 0);
  table.classList.toggle("flowing", available - others < Math.min(widths[widest], 7));
  table.style.gridTemplateColumns = widths.map((_, column) => (column === widest ? "minmax(0, 1fr)" : "auto")).join(" ");
  for (const row of rows) row.forEach((cell, column) => cell.classList.toggle("wide", column === widest));
}

/** A scratch-off field; until it is pressed the code is held here and is not in the page. */
function buildFoil(secret) {
  const foil = make("button", "foil");
  foil.type = "button";
  foil.append(make("span", "", words.reveal));
  foil.addEventListener("click", () => {
    const code = make("code", "code", secret);
    code.tabIndex = -1;
    foil.replaceWith(code);
    code.focus({ preventScroll: true });
  });
  return foil;
}

/* ---------------------------------------------------------------- picture, deadline, file */

/** As a picture, not as markup: an SVG inside <img> can run nothing and load nothing. */
function buildQr({ svg, alt }) {
  const markup = svg.includes("xmlns=") ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  const bytes = new TextEncoder().encode(markup);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const image = make("img");
  image.alt = alt;
  image.src = `data:image/svg+xml;base64,${btoa(binary)}`;
  const frame = make("div", "qr");
  frame.append(image);
  return frame;
}

function buildFile({ name, content }) {
  const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
  const link = make("a", "file");
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = name;
  link.append(make("b", "", name), make("small", "", `${Math.ceil(bytes.length / 1024)} KB`));
  return link;
}

/** What somebody sent: fetched by this page's own cookie, so a copied address opens nothing elsewhere. */
function buildAttachment({ id, name, size, picture }) {
  const link = make("a", picture ? "sent" : "file");
  link.href = `${location.pathname.replace(/\/+$/u, "")}/files/${id}`;
  if (picture) {
    const image = make("img");
    image.alt = name;
    image.src = link.href;
    link.target = "_blank";
    link.rel = "noopener";
    link.append(image);
  } else {
    link.download = name;
    link.append(make("b", "", name), make("small", "", `${Math.ceil(size / 1024)} KB`));
  }
  return link;
}

function buildDeadline(deadline) {
  const chip = make("p", "deadline");
  // A timer is not read out at each tick.
  chip.setAttribute("role", "timer");
  chip.dataset.at = deadline;
  chip.append(make("span"));
  return chip;
}

/** @param nowMs the server's time, as far as it is known. */
export function tickDeadlines(root, nowMs) {
  for (const chip of root.querySelectorAll(".deadline:not(.past)")) {
    const leftMs = Date.parse(chip.dataset.at) - nowMs;
    const text = deadlineText(new Date(chip.dataset.at), leftMs, new Date(nowMs));
    chip.classList.toggle("soon", leftMs > 0 && leftMs <= COUNTDOWN_FROM_MS);
    chip.classList.toggle("past", leftMs <= 0);
    if (chip.firstElementChild.textContent !== text) chip.firstElementChild.textContent = text;
  }
}

function deadlineText(at, leftMs, now) {
  if (leftMs <= 0) return words.expired;
  const day = at.toDateString() === now.toDateString() ? {} : { month: "short", day: "numeric" };
  const format = { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const text = words.deadline.replace("{time}", at.toLocaleString(document.documentElement.lang, format));
  if (leftMs > COUNTDOWN_FROM_MS) return text;
  const seconds = Math.ceil(leftMs / 1000);
  const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return `${text} · ${words.left.replace("{left}", left)}`;
}

/* ---------------------------------------------------------------- buttons */

function buildKeys(rows, actions) {
  const keys = make("div", "keys");
  for (const row of rows) {
    const line = make("div", "row");
    line.append(...row.map((button) => buildKey(button, actions)));
    keys.append(line);
  }
  return keys;
}

function buildKey(button, actions) {
  const key = make(button.url === undefined ? "button" : "a", `key ${button.style ?? ""}`);
  key.title = button.text;
  key.append(make("span"));
  label(key, button.text);
  if (button.url !== undefined) makeOpen(key, button.url);
  else if (button.copy !== undefined) makeCopy(key, button.copy, actions);
  else makePress(key, button, actions);
  return key;
}

/** Columns where the text has them (goods, price, stock); a price that does not fit goes below its words whole. */
function label(key, text) {
  const columns = text.split(/ {2,}/);
  key.classList.toggle("item", columns.length > 1);
  if (columns.length > 1) {
    const [name, ...rest] = columns;
    const facts = make("em");
    facts.append(...rest.flatMap((part) => [make("b", "", part), " "]));
    key.firstElementChild.replaceChildren(make("b", "", name), " ", facts);
    return;
  }
  const [, lead, price] = /^(.*\S) ([¥￥$€£]\S+)$/u.exec(text) ?? [];
  if (price && widthInEm(lead) <= 7) key.firstElementChild.replaceChildren(make("b", "", lead), " ", make("b", "", price));
  else key.firstElementChild.textContent = text;
}

function makeOpen(key, address) {
  key.classList.add("open", "primary");
  key.target = "_blank";
  key.rel = "noopener";
  if (!URL.canParse(address, location.href)) return;
  const url = new URL(address, location.href);
  if (URL_SCHEMES.has(url.protocol)) key.href = url.href;
}

function makePress(key, button, actions) {
  key.type = "button";
  key.classList.add("press");
  key.addEventListener("click", () => actions.press(key, button));
}

function makeCopy(key, text, actions) {
  key.type = "button";
  key.classList.add("copy");
  key.addEventListener("click", async () => {
    const isCopied = await copyText(text);
    actions.notify(isCopied ? words.copied : words.no_copy);
    if (!isCopied) return;
    key.classList.add("copied");
    label(key, words.copied);
    setTimeout(() => {
      key.classList.remove("copied");
      label(key, key.title);
    }, COPIED_MS);
  });
}

/** Pages over plain http and some in-app browsers have no clipboard API; the old way still works there. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

function copySelected(text) {
  const field = make("textarea", "offscreen");
  const focused = document.activeElement;
  field.value = text;
  field.readOnly = true;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}

/** Shows on a button that what it asked for is under way. */
export function setWorking(key, isWorking) {
  key.classList.toggle("working", isWorking);
  key.setAttribute("aria-busy", String(isWorking));
  label(key, isWorking ? words.processing : key.title);
}

/** A row breaks where a text would need more than two lines: evenly, or unevenly if that takes fewer lines. */
function fitKeys(row) {
  const available = widthOf(row) + 0.6;
  const fits = (keys) => keys.length === 1 || keys.length * (Math.max(...keys.map(neededEm)) + 0.6) <= available;
  const keys = [...row.children];
  const even = evenLines(keys, fits);
  const greedy = greedyLines(keys, fits);
  for (const line of greedy.length < even.length ? greedy : even) {
    for (const key of line) key.style.setProperty("--share", String(line.length));
  }
}

function evenLines(keys, fits) {
  for (let count = 1; ; count += 1) {
    const length = Math.ceil(keys.length / count);
    const lines = [];
    for (let at = 0; at < keys.length; at += length) lines.push(keys.slice(at, at + length));
    if (lines.every(fits)) return lines;
  }
}

function greedyLines(keys, fits) {
  const lines = [];
  for (const key of keys) {
    if (lines.length > 0 && fits([...lines.at(-1), key])) lines.at(-1).push(key);
    else lines.push([key]);
  }
  return lines;
}

function neededEm(key) {
  const text = widthInEm(key.title) + (key.matches(".copy, .open") ? 1.4 : 0);
  return (text <= 5.5 ? text : Math.max(5.5, text / 2 + 1)) + 1.2;
}

function widthOf(node) {
  return node.clientWidth / Number.parseFloat(getComputedStyle(node).fontSize);
}

/** Chinese characters are one em wide, Latin about half: close enough to choose a number of columns. */
function widthInEm(text) {
  let width = 0;
  for (const char of text) width += char.codePointAt(0) > 0x2e7f ? 1 : 0.58;
  return width;
}
