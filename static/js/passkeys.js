// Passkeys: making one, and signing with one. The server makes the challenge and decides; this file
// only carries bytes between the server, the browser's passkeys and a form.
import { Refused, ask, secretsOf, worded } from "./asking.js";

const form64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytes64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const described = (list = []) => list.map((one) => ({ ...one, id: bytes64(one.id) }));

async function made(options) {
  const key = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes64(options.challenge),
      user: { ...options.user, id: bytes64(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  return {
    id: key.id,
    type: key.type,
    response: {
      clientDataJSON: form64(key.response.clientDataJSON),
      attestationObject: form64(key.response.attestationObject),
      transports: key.response.getTransports?.() ?? [],
    },
  };
}

async function signed(options) {
  const key = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes64(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = key.response;
  return {
    id: key.id,
    type: key.type,
    response: {
      clientDataJSON: form64(clientDataJSON),
      authenticatorData: form64(authenticatorData),
      signature: form64(signature),
      userHandle: userHandle ? form64(userHandle) : null,
    },
  };
}

// What went wrong stands beside the button, in the words of the server or of the page.
function tell(place, error) {
  const known = { NotAllowedError: "cancelled", InvalidStateError: "known", SecurityError: "address" };
  place.textContent = error instanceof Refused ? error.message : place.dataset[known[error.name] ?? "failed"];
  place.hidden = false;
}

async function during(button, place, work) {
  place.hidden = true;
  if (!window.PublicKeyCredential) {
    place.textContent = place.dataset.missing;
    place.hidden = false;
    return;
  }
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    tell(place, error);
    button.disabled = false;
  }
}

/* Making one: the form is sent when the device has answered */
document.addEventListener("submit", (e) => {
  const form = e.target.closest("form[data-passkey-make]");
  if (!form || form.elements.credential.value) return;
  e.preventDefault();
  const place = form.querySelector("[data-passkey-said]");
  during(form.querySelector("button[type=submit]"), place, async () => {
    const offer = await ask(form.dataset.passkeyMake);
    form.elements.challenge.value = offer.challenge;
    form.elements.credential.value = JSON.stringify(await made(offer.public_key));
    form.submit();
  });
});

/* Signing with one: the same form, with what the device signed instead of the password */
document.addEventListener("click", (e) => {
  const button = e.target.closest("button[data-passkey-sign]");
  if (!button) return;
  const form = button.form;
  const secrets = secretsOf(form);
  if (!form.reportValidity()) return;
  const place = form.querySelector("[data-passkey-said]");
  during(button, place, async () => {
    const asked = await ask(button.dataset.passkeySign, worded(form, button.dataset.fields, "passkey"));
    const credential = await signed(asked.public_key);
    form.elements.passkey.value = JSON.stringify({ challenge: asked.challenge, credential });
    for (const field of secrets) field.value = "";
    form.submit();
  });
});
