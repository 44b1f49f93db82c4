// What a page cannot do without a script: count down, and see by itself that the money is there.

const EVERY_MS = 3000;
const LONGEST_MS = 30000;
const { mark } = document.body.dataset;
const time = document.querySelector("time");
let pauseMs = EVERY_MS;

function tick() {
  const left = Math.max(0, Math.round((new Date(time.dateTime) - Date.now()) / 1000));
  time.dataset.left = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

async function look() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(`${location.pathname}/status`, { cache: "no-store" });
      if (answer.ok && (await answer.json()).mark !== mark) return location.replace(location.pathname);
      pauseMs = answer.ok ? EVERY_MS : Math.min(2 * pauseMs, LONGEST_MS);
    } catch {
      pauseMs = Math.min(2 * pauseMs, LONGEST_MS);
    }
  }
  setTimeout(look, pauseMs);
}

if (time) {
  tick();
  setInterval(tick, 1000);
}
// What is over stays as it is; only an order that waits for its money changes under the reader's eyes.
if (mark.startsWith("awaiting")) setTimeout(look, pauseMs);
