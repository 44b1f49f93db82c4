/**
 * The page inside somebody else's: what it and the button in the corner there (embed.js) tell each other. Nothing of it
 * is a secret, and nothing that comes this way does more than show the page.
 */

const isInside = parent !== window && location.search === "?embed";
let isOpen = !isInside || location.hash === "#open";

/** Whether the person can see the page at all. */
export const isShown = () => isOpen;

export function tell(word) {
  if (isInside) parent.postMessage({ kapu: word }, "*");
}

/**
 * @param takeFocus called each time the panel opens, the first time too.
 * @param fetchNews called when it opens and this page was here, closed, before.
 */
export function listen(closeButton, takeFocus, fetchNews) {
  if (!isInside) return;
  closeButton.hidden = false;
  closeButton.addEventListener("click", () => tell("close"));
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.isComposing) tell("close"); });
  addEventListener("message", (event) => {
    if (event.source !== parent || !event.data?.kapu) return;
    const wasOpen = isOpen;
    isOpen = event.data.kapu === "open";
    if (!isOpen || wasOpen) return;
    fetchNews();
    takeFocus();
  });
  if (isOpen) takeFocus();
  tell("ready");
}

/** The same page by itself, for a browser that keeps no cookie here. */
export function ownWindow(text) {
  const link = document.createElement("a");
  link.href = location.pathname;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = text;
  return isInside ? link : "";
}
