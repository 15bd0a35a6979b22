// Puts a chart with a cursor in the place of the server-made training curves (c/curves.html).
// Needs vendor/uPlot.iife.min.js; without scripts, or with one epoch, the server's figure stays.
function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function draw(box) {
  const history = JSON.parse(box.querySelector("script[type='application/json']").textContent);
  const holder = box.querySelector("[data-plot]");
  if (history.length < 2 || !holder) return;
  const column = (name) => history.map((e) => e[name] ?? null);
  const data = [column("epoch"), column("train_loss"), column("validation_loss")];
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid") }, font: "12px Inter Variable" };
  holder.replaceChildren();
  holder.hidden = false;
  new window.uPlot({
    width: holder.clientWidth - 36,
    height: 260,
    padding: [16, 20, 0, 0],
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 60 }],
    series: [
      { label: box.dataset.epoch },
      { label: box.dataset.train, stroke: colour("--champion"), width: 2, dash: [5, 3], points: { show: false } },
      { label: box.dataset.validation, stroke: colour("--challenger"), width: 2, points: { show: false } },
    ],
  }, data, holder);
  box.querySelector(".fig").hidden = true;
}
function all(scope) { for (const box of scope.querySelectorAll("[data-curves]")) draw(box); }

let waiting = 0;
all(document);
document.addEventListener("htmx:afterSwap", (e) => all(e.detail.target));
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(all, 200, document); });
new MutationObserver(() => all(document)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
