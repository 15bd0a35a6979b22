// Signing in again at the identity provider before an act: in a window of its own, so that the form
// stays as it is. The server makes the question and decides; this file only carries its number.
const channel = new BroadcastChannel("assay-provider");

async function ask(url, body) {
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
      "Content-Type": "application/json",
      Accept: "application/json",
    },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.detail ?? said.title ?? String(answer.status));
  return said;
}

function worded(form, names) {
  const pairs = names.split(",").map((name) => name.split(":"));
  return Object.fromEntries(pairs.map(([to, from = to]) => [to, (form.elements[from].value ?? "").trim()]));
}

document.addEventListener("click", async (e) => {
  const button = e.target.closest("button[data-provider-sign]");
  if (!button) return;
  const form = button.form;
  const secrets = [...form.querySelectorAll("[name=password], [name=code]")];
  for (const field of secrets) field.required = false;
  if (!form.reportValidity()) return;
  const place = form.querySelector("[data-provider-said]");
  place.hidden = true;
  button.disabled = true;
  // Opened at once, for a window that is opened later is a pop-up that browsers stop.
  const opened = window.open("about:blank", "_blank");
  try {
    const asked = await ask(button.dataset.providerSign, { ...worded(form, button.dataset.fields), by: "oidc" });
    channel.onmessage = (answer) => {
      if (answer.data !== asked.challenge) return;
      form.elements.sign_in.value = asked.challenge;
      for (const field of secrets) field.value = "";
      form.submit();
    };
    if (!opened) throw new Error(place.dataset.blocked);
    opened.location = asked.address;
  } catch (error) {
    opened?.close();
    place.textContent = error.message;
    place.hidden = false;
  }
  button.disabled = false;
});

/* In the window of the provider: its work is done */
const done = document.querySelector("[data-provider-done]");
if (done) {
  channel.postMessage(done.dataset.providerDone);
  window.close();
}
