/**
 * The shop on somebody else's page: a button in the corner, and the chat in a frame above it.
 *
 *   <script src="https://shop.example.com/chat/embed.js" async></script>
 *
 * It touches nothing of that page but one element of its own, whose styles nobody else's reach.
 */
(() => {
  const face = __FACE__;
  const page = new URL("../chat?embed", document.currentScript.src);
  const words = face.words[navigator.language.slice(0, 2)] ?? Object.values(face.words)[0];
  const place = "kapu-shop";
  if (document.getElementById(place)) return;

  // No tag that the page's styles know, and no box that they could move.
  const host = document.createElement(place);
  host.id = place;
  host.style.setProperty("display", "contents", "important");
  const root = host.attachShadow({ mode: "open" });
  const styles = new CSSStyleSheet();
  styles.replaceSync(`
    :host { all: initial; }
    button, div { position: fixed; z-index: 2147483000; right: max(20px, env(safe-area-inset-right)); }
    button {
      bottom: max(20px, env(safe-area-inset-bottom)); width: 56px; height: 56px; padding: 0; border: 0;
      border-radius: 50%; background: ${face.accent}; color: ${face.on}; cursor: pointer;
      box-shadow: 0 0 0 1px rgb(255 255 255 / 60%), 0 4px 16px rgb(0 0 0 / 25%);
    }
    button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #000; }
    button.news::after {
      content: ""; position: absolute; top: 0; right: 0; width: 14px; height: 14px; border: 2px solid #fff;
      border-radius: 50%; background: #c62828;
    }
    svg { display: block; width: 28px; height: 28px; margin: auto; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
    div {
      bottom: calc(max(20px, env(safe-area-inset-bottom)) + 68px); width: 400px; height: min(680px, 100dvh - 108px);
      overflow: hidden; border-radius: 16px; background: Canvas; box-shadow: 0 0 0 1px rgb(0 0 0 / 10%), 0 12px 48px rgb(0 0 0 / 28%);
    }
    [hidden] { display: none; }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    @media (max-width: 600px), (max-height: 480px) {
      div { inset: 0; width: 100%; height: 100dvh; border-radius: 0; }
    }
    @media print { button, div { display: none; } }
  `);
  root.adoptedStyleSheets = [styles];

  const button = document.createElement("button");
  const panel = document.createElement("div");
  button.type = "button";
  panel.id = "panel";
  panel.hidden = true;
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", face.name);
  button.setAttribute("aria-controls", panel.id);
  root.append(button, panel);
  let frame = null;

  /** On the page's side: whether he was here before, and whether something waits for him. It may have no storage. */
  const known = {
    get: () => { try { return localStorage.getItem(place); } catch { return null; } },
    set: (value) => { try { localStorage.setItem(place, value); } catch { /* then it is not remembered */ } },
  };

  function draw() {
    const isOpen = !panel.hidden;
    const hasNews = known.get() === "news";
    const label = isOpen ? words.close : words.open_shop.replace("{shop}", face.name);
    button.setAttribute("aria-label", hasNews ? `${label} · ${words.has_news}` : label);
    button.setAttribute("aria-expanded", String(isOpen));
    button.classList.toggle("news", hasNews);
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    drawing.setAttribute("viewBox", "0 0 24 24");
    path.setAttribute("d", isOpen ? "M6 9.5l6 6 6-6" : "M4 5h16v11H11l-4.5 4v-4H4zM8.5 9h7M8.5 12h4.5");
    drawing.append(path);
    button.replaceChildren(drawing);
  }

  function load(hash) {
    frame = document.createElement("iframe");
    frame.title = face.name;
    frame.allow = "clipboard-write";
    frame.src = page.href + hash;
    panel.append(frame);
  }

  function tell(word) {
    frame.contentWindow.postMessage({ kapu: word }, page.origin);
  }

  function open() {
    panel.hidden = false;
    known.set("seen");
    if (frame) tell("open");
    else load("#open");
    frame.focus();
    draw();
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    tell("close");
    button.focus();
    draw();
  }

  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== page.origin) return;
    if (event.data.kapu === "close") close();
    if (event.data.kapu === "ready" && !panel.hidden) tell("open");
    if (event.data.kapu === "news" && panel.hidden) {
      known.set("news");
      draw();
    }
  });

  document.documentElement.append(host);
  draw();
  // Who has been in the shop hears of news without opening it; nobody else's page fetches anything more than this.
  if (known.get()) load("");
})();
