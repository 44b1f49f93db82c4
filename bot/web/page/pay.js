// What a page cannot do without a script: count down, see by itself that the money is there, and have WeChat ask for it.

const EVERY_MS = 3000;
const LONGEST_MS = 30000;
const { mark } = document.body.dataset;
const time = document.querySelector("time");
const call = document.querySelector("[data-call]");
const unpaid = document.getElementById("unpaid");
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

// WeChat asks for the money itself. Its word proves nothing: "I have paid" has the shop ask.
function pay() {
  unpaid.hidden = true;
  WeixinJSBridge.invoke("getBrandWCPayRequest", JSON.parse(call.dataset.call), (answer) => {
    if (answer.err_msg === "get_brand_wcpay_request:ok") document.getElementById("paid").click();
    else unpaid.hidden = false;
  });
}

if (time) {
  tick();
  setInterval(tick, 1000);
}
if (call) {
  call.addEventListener("click", () => {
    if (window.WeixinJSBridge) pay();
    else document.addEventListener("WeixinJSBridgeReady", pay, { once: true });
  });
}
// What is over stays as it is; only an order that waits for its money changes under the reader's eyes.
if (mark.startsWith("awaiting")) setTimeout(look, pauseMs);
