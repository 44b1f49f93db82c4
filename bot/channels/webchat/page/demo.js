/** Tabs for the demo page on a phone; a wide window shows both panes and hides the tabs. */

const tabs = [...document.querySelectorAll('[role="tab"]')];

function choose(chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).classList.toggle("shown", tab === chosen);
  }
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = tabs.find((candidate) => candidate !== tab);
    choose(other);
    other.focus();
  });
}
