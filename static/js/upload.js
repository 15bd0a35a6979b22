// Uploads a file in pieces and goes on where it stopped.
// POST url {size, name} -> {id, offset}; PATCH url/id (raw bytes, Upload-Offset) -> {offset};
// after an error GET url/id -> {offset}. The form then gets the id in its hidden field.
const PIECE = 8 * 1024 * 1024;
const WAIT_MS = 1000;
const MOST_WAITS = 60;

class Refused extends Error {}

function headers(more = {}) {
  const token = document.querySelector("meta[name=csrf-token]").content;
  return { "X-CSRFToken": token, Accept: "application/json", ...more };
}

async function call(url, options) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  if (answer.status >= 500 || answer.status === 409 || answer.status === 429) throw new Error(String(answer.status));
  throw new Refused(body.detail ?? body.title ?? String(answer.status));
}

// What the server takes as a name: it is shown and never becomes a path.
function tidy(name) {
  const plain = name.normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "-").slice(-128);
  return plain.replace(/^[^A-Za-z0-9]+/, "") || "file";
}

async function send(url, file, told, isCurrent) {
  const opened = await call(url, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify({ size: file.size, name: tidy(file.name) }),
  });
  const place = `${url}/${encodeURIComponent(opened.id)}`;
  let { offset } = opened;
  let waits = 0;
  while (offset < file.size && isCurrent()) {
    try {
      const piece = file.slice(offset, offset + PIECE);
      const type = { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) };
      ({ offset } = await call(place, { method: "PATCH", headers: headers(type), body: piece }));
      waits = 0;
      told.progress(offset / file.size);
    } catch (error) {
      if (error instanceof Refused || ++waits > MOST_WAITS) throw error;
      told.again();
      await new Promise((done) => setTimeout(done, WAIT_MS * Math.min(waits, 10)));
      offset = (await call(place, { headers: headers() }).catch(() => ({ offset }))).offset;
    }
  }
  return opened.id;
}

// A form cannot be sent while any of its boxes uploads.
const uploading = new WeakMap();
function hold(form, change) {
  uploading.set(form, (uploading.get(form) ?? 0) + change);
  for (const b of form.querySelectorAll("button:not([type=button])")) b.disabled = uploading.get(form) > 0;
}

function attach(box) {
  const input = box.querySelector("input[type=file]");
  const form = box.closest("form");
  // One file, whose id stands in a hidden field, or several, each with a box to leave it out again.
  const hidden = box.querySelector("[data-upload-id]");
  const list = box.querySelector("[data-kept]");
  const row = box.querySelector("template");
  const bar = box.querySelector("progress");
  const state = box.querySelector("[data-state]");
  const drop = box.querySelector(".drop");
  let turn = 0;
  let last = Promise.resolve();
  // Without this script the bytes go with the form.
  input.removeAttribute("name");

  const told = {
    progress(share) { bar.value = share; state.textContent = `${box.dataset.sending}: ${Math.floor(share * 100)}%`; },
    again() { state.textContent = box.dataset.again; },
  };
  function keep(id, file) {
    if (hidden) { hidden.value = id; return; }
    const item = row.content.cloneNode(true);
    item.querySelector("input").value = id;
    item.querySelector("span").textContent = file.name;
    list.append(item);
  }
  function refuse(file, why) {
    bar.hidden = true;
    const text = `${box.dataset.failed}: ${why}`;
    if (hidden) { state.className = "err"; state.textContent = text; return; }
    const item = document.createElement("li");
    item.className = "err";
    item.textContent = `${file.name}: ${text}`;
    list.append(item);
    state.textContent = "";
  }
  async function bring(file, isCurrent) {
    bar.hidden = false;
    state.className = "hint";
    told.progress(0);
    try {
      const id = await send(box.dataset.upload, file, told, isCurrent);
      if (!isCurrent()) return;
      keep(id, file);
      told.progress(1);
      state.textContent = `${box.dataset.done}: ${file.name}`;
    } catch (error) {
      if (isCurrent()) refuse(file, error.message);
    }
  }
  async function begin(files) {
    const mine = ++turn;
    const all = async () => { for (const file of files) await bring(file, () => !hidden || mine === turn); };
    if (hidden) hidden.value = "";
    hold(form, 1);
    last = hidden ? all() : last.then(all);
    await last;
    hold(form, -1);
  }
  input.addEventListener("change", () => {
    const files = [...input.files];
    if (list) input.value = "";
    if (files.length) begin(files);
  });
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (e) => { e.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (e) => {
    e.preventDefault();
    const files = [...e.dataTransfer.files];
    if (hidden) input.files = e.dataTransfer.files;
    if (files.length) begin(hidden ? files.slice(0, 1) : files);
  });
  form.addEventListener("submit", (e) => {
    if (!hidden?.dataset.required || hidden.value) return;
    e.preventDefault();
    state.className = "err";
    state.textContent = hidden.dataset.required;
    input.focus();
  });
}
for (const box of document.querySelectorAll("[data-upload]")) attach(box);
