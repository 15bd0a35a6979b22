// Signing in again at the identity provider before an act: in a window of its own, so that the form
// stays as it is. The server makes the question and decides; this file only carries its number.
import { ask, secretsOf, worded } from "./asking.js";

const channel = new BroadcastChannel("assay-provider");

document.addEventListener("click", async (e) => {
  const button = e.target.closest("button[data-provider-sign]");
  if (!button) return;
  const form = button.form;
  const secrets = secretsOf(form);
  if (!form.reportValidity()) return;
  const place = form.querySelector("[data-provider-said]");
  place.hidden = true;
  button.disabled = true;
  // Opened at once, for a window that is opened later is a pop-up that browsers stop.
  const opened = window.open("about:blank", "_blank");
  try {
    const asked = await ask(button.dataset.providerSign, worded(form, button.dataset.fields, "oidc"));
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
