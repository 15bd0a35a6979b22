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

async function send(url, file, told, isCurrent) {
  const opened = await call(url, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify({ size: file.size, name: file.name }),
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

function attach(box) {
  const input = box.querySelector("input[type=file]");
  const hidden = box.querySelector("[data-upload-id]");
  const bar = box.querySelector("progress");
  const state = box.querySelector("[data-state]");
  const drop = box.querySelector(".drop");
  const buttons = () => box.closest("form")?.querySelectorAll("button:not([type=button])") ?? [];
  let turn = 0;

  const told = {
    progress(share) { bar.value = share; state.textContent = `${box.dataset.sending}: ${Math.floor(share * 100)}%`; },
    again() { state.textContent = box.dataset.again; },
  };
  async function begin(file) {
    const mine = ++turn;
    hidden.value = "";
    bar.hidden = false;
    state.className = "hint";
    for (const b of buttons()) b.disabled = true;
    told.progress(0);
    try {
      const id = await send(box.dataset.upload, file, told, () => mine === turn);
      if (mine !== turn) return;
      hidden.value = id;
      told.progress(1);
      state.textContent = `${box.dataset.done}: ${file.name}`;
    } catch (error) {
      if (mine !== turn) return;
      bar.hidden = true;
      state.className = "err";
      state.textContent = `${box.dataset.failed}: ${error.message}`;
    } finally {
      if (mine === turn) for (const b of buttons()) b.disabled = false;
    }
  }
  input.addEventListener("change", () => { if (input.files[0]) begin(input.files[0]); });
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (e) => { e.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (e) => {
    e.preventDefault();
    if (!e.dataTransfer.files[0]) return;
    input.files = e.dataTransfer.files;
    begin(input.files[0]);
  });
  box.closest("form")?.addEventListener("submit", (e) => {
    if (!hidden.dataset.required || hidden.value) return;
    e.preventDefault();
    state.className = "err";
    state.textContent = hidden.dataset.required;
    input.focus();
  });
}
for (const box of document.querySelectorAll("[data-upload]")) attach(box);
