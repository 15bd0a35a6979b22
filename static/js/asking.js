// Asking the server for a challenge for what a form says, before it is sent.
export class Refused extends Error {}

export async function ask(url, body) {
  const filled = body instanceof URLSearchParams;
  const answer = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
      ...(filled ? {} : { "Content-Type": "application/json" }),
      Accept: "application/json",
    },
    body: filled || body === undefined ? body : JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said.detail ?? said.title ?? String(answer.status));
  return said;
}

/* The fields that are named, each as NAME or TO:NAME; * is the whole form, but for its secrets. */
export function worded(form, names, by) {
  if (names === "*") {
    const filled = new URLSearchParams(new FormData(form));
    for (const name of ["password", "code", "passkey", "sign_in"]) filled.delete(name);
    filled.set("by", by);
    return filled;
  }
  const pairs = names.split(",").map((name) => name.split(":"));
  const said = pairs.map(([to, from = to]) => [to, (form.elements[from].value ?? "").trim()]);
  return { ...Object.fromEntries(said), by };
}

/* What a person has instead is not asked for; the server asks again whoever sends nothing. */
export function secretsOf(form) {
  const secrets = [...form.querySelectorAll("[name=password], [name=code]")];
  for (const field of secrets) field.required = false;
  return secrets;
}
