// Small behaviours of every page. No inline handlers, no eval: runs under `script-src 'self'`.
// Listeners sit on the document, so that they hold for parts that htmx brings in later.
const $ = (s, r = document) => r.querySelector(s);
const $$ = (s, r = document) => [...r.querySelectorAll(s)];
const root = document.documentElement;

/* Toasts */
const TOAST_MS = 5000;
function toast(text, tone = "") {
  const el = document.createElement("div");
  el.className = `toast ${tone}`;
  el.textContent = text;
  $(".toasts").append(el);
  setTimeout(() => el.remove(), TOAST_MS);
}
for (const el of $$("[data-toast]:not(.error):not(.warning)")) setTimeout(() => el.remove(), TOAST_MS);
document.addEventListener("assay:toast", (e) => toast(e.detail));

/* Theme */
function switchTheme() {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/* Copying */
async function copy(text) {
  const words = $(".toasts").dataset;
  try {
    await navigator.clipboard.writeText(text);
    toast(words.copied);
  } catch {
    toast(words.notCopied);
  }
}

/* Groups of pressed buttons */
function press(button) {
  for (const b of $$("button", button.parentElement)) b.setAttribute("aria-pressed", String(b === button));
}
function filterGates(button) {
  press(button);
  const list = $("[data-gate-list]", button.closest(".card") ?? document);
  if (list) list.dataset.filter = button.dataset.gates;
}
function matrixMode(button) {
  press(button);
  const matrix = $(".cm", button.closest(".card") ?? document);
  if (matrix) matrix.dataset.mode = button.dataset.cm;
}

/* Dialogs */
function openDialog(id) {
  $("[popover]:popover-open")?.hidePopover();
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (e) => {
  const hit = (s) => e.target.closest(s);
  let b;
  if (hit("[data-theme-toggle]")) switchTheme();
  else if ((b = hit("[data-copy]"))) copy(b.dataset.copy);
  else if ((b = hit("[data-gates]"))) filterGates(b);
  else if ((b = hit("[data-cm]"))) matrixMode(b);
  else if ((b = hit("[data-open]"))) openDialog(b.dataset.open);
  else if ((b = hit("[data-close]"))) b.closest("dialog").close();
  else if (hit("[data-palette]")) openPalette();
  else if (e.target.matches("dialog:modal") && outside(e)) e.target.close();
});
function outside(e) {
  const r = e.target.getBoundingClientRect();
  return e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom;
}

/* Palette: pages at once, models and versions from the server while typing */
const palette = $("#palette");
let asked = 0;
function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  $("input", palette).select();
}
function found(results) {
  $("[data-found]", palette).replaceChildren(...results.map((r) => {
    const li = document.createElement("li");
    const a = document.createElement("a");
    const kind = document.createElement("small");
    // An address from the server is a path of this site; anything else is not followed.
    a.href = String(r.url).startsWith("/") && !String(r.url).startsWith("//") ? r.url : "#";
    kind.textContent = r.kind ?? "";
    a.append(r.label, kind);
    li.append(a);
    return li;
  }));
}
async function ask(query) {
  const turn = ++asked;
  if (!palette.dataset.source || query.length < 2) return found([]);
  try {
    const url = new URL(palette.dataset.source, location.href);
    url.searchParams.set("q", query);
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (answer.ok && turn === asked) found((await answer.json()).results ?? []);
  } catch { /* without the server the pages are still listed */ }
}
let typing = 0;
palette?.addEventListener("input", (e) => {
  const q = e.target.value.trim().toLowerCase();
  for (const li of $$("[data-pages] li", palette)) li.hidden = !li.textContent.toLowerCase().includes(q);
  clearTimeout(typing);
  typing = setTimeout(ask, 150, q);
});
palette?.addEventListener("keydown", (e) => {
  const links = $$("li:not([hidden]) a", palette);
  if (e.key === "Enter" && e.target.matches("input") && links.length) return links[0].click();
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  e.preventDefault();
  const all = [$("input", palette), ...links];
  const at = all.indexOf(document.activeElement) + (e.key === "ArrowDown" ? 1 : -1);
  all[(at + all.length) % all.length].focus();
});

/* Keys: single ones can be switched off (WCAG 2.1.4) and never act while typing */
const keysOn = $("#keys-on");
try { if (keysOn) keysOn.checked = localStorage.getItem("keys") !== "off"; } catch { /* storage may be off */ }
keysOn?.addEventListener("change", () => {
  try { localStorage.setItem("keys", keysOn.checked ? "on" : "off"); } catch { /* storage may be off */ }
});
function stepGate(by) {
  const list = $$(".gate summary").filter((s) => s.offsetParent);
  const at = list.indexOf(document.activeElement);
  list[Math.min(list.length - 1, Math.max(0, at + by))]?.focus();
}
function nextProblem() {
  const list = $$('.gate:not([data-s="ok"]) summary').filter((s) => s.offsetParent);
  list[(list.indexOf(document.activeElement) + 1) % list.length]?.focus();
}
const acts = {
  j: () => stepGate(1),
  k: () => stepGate(-1),
  n: nextProblem,
  a: () => $("#decision input:not([type=hidden])")?.focus(),
  t: switchTheme,
  "?": () => openDialog("keys"),
};
document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k" && palette) {
    e.preventDefault();
    openPalette();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || !keysOn?.checked) return;
  if (e.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
  if (acts[e.key]) { e.preventDefault(); acts[e.key](); }
});

/* Signing: the first submit opens the dialog, the second one carries password and code */
const decision = $("form[data-sign]");
if (decision) {
  const dialog = $("#sign", decision);
  const proofs = $$("[name=password], [name=code]", dialog);
  const attest = $("[data-attest]", decision);
  const open = $("[data-sign-open]", decision);
  const label = () => {
    const chosen = $("input[name=decision]:checked", decision);
    open.disabled = !attest.checked;
    if (!chosen) return;
    for (const el of $$("[data-sign-label]", decision)) el.textContent = chosen.dataset.label;
    $("[data-sign-word]", dialog).textContent = chosen.dataset.word;
    if (chosen.dataset.meaning) $("[data-sign-meaning]", dialog).textContent = chosen.dataset.meaning;
  };
  const show = () => {
    label();
    $("[data-sign-reason]", dialog).textContent = $("[name=reason]", decision).value;
    dialog.close();
    dialog.showModal();
    for (const proof of proofs) proof.required = true;
    (proofs[0] ?? $("[data-passkey-sign]", dialog))?.focus();
  };
  decision.addEventListener("change", label);
  decision.addEventListener("submit", (e) => {
    if (dialog.open) return;
    e.preventDefault();
    show();
  });
  dialog.addEventListener("close", () => {
    for (const proof of proofs) { proof.required = false; proof.value = ""; }
  });
  label();
  if (dialog.open) show();
}

/* After an answer with errors the reader begins at their summary */
$("[data-error-summary]")?.focus();

/* The section in view is marked in the sub-navigation of one-page views */
const links = $$(".subnav a[href^='#']").map((a) => [a, document.getElementById(a.hash.slice(1))]).filter(([, el]) => el);
let queued = false;
function spy() {
  queued = false;
  const at = links.findLastIndex(([, el]) => el.getBoundingClientRect().top < 160);
  links.forEach(([a], i) => (i === Math.max(0, at) ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
}
if (links.length) addEventListener("scroll", () => { if (!queued) { queued = true; requestAnimationFrame(spy); } }, { passive: true });

/* htmx: the form token, and a word where an answer did not come */
document.addEventListener("htmx:configRequest", (e) => {
  e.detail.headers["X-CSRFToken"] = $("meta[name=csrf-token]").content;
});
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  // A poll repeats by itself, so that only what a person asked for is reported.
  document.addEventListener(name, (e) => {
    if (!e.detail.elt.getAttribute("hx-trigger")?.includes("every")) toast($(".toasts").dataset.failed, "error");
  });
}
