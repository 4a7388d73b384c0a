// Asks the browser for a passkey, and puts its answer into the form. What the browser is asked stands in data-options, or is
// fetched from data-challenge at the moment it is needed.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function asked(json) {
  const options = JSON.parse(json);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  if (options.excludeCredentials) options.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = named(options.allowCredentials);
  return options;
}

function answered(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
}

async function options(form) {
  if (form.dataset.options) return asked(form.dataset.options);
  const answer = await fetch(form.dataset.challenge, { method: "POST" });
  if (!answer.ok) throw new Error(`no challenge: ${answer.status}`);
  return asked((await answer.json()).options);
}

let waiting = null; // for a passkey from the browser's autofill: one request at a time

async function use(form, more = {}) {
  waiting?.abort();
  const publicKey = await options(form);
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey, ...more });
  form.elements.credential.value = answered(credential);
  form.submit();
}

function prepare(form) {
  const failed = form.querySelector(".passkey-failed");
  form.querySelector(".without-passkeys")?.remove();
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation(); // it is not sent yet: it may be pressed again
    failed.hidden = true;
    try {
      await use(form);
    } catch {
      failed.setAttribute("role", "alert");
      failed.hidden = false; // the person said no, or the device knows none
    }
  });
}

// On the sign-in page the browser offers passkeys where the e-mail address is typed.
async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  try {
    const { signal } = waiting;
    const publicKey = await options(form);
    const credential = await navigator.credentials.get({ publicKey, mediation: "conditional", signal });
    form.elements.credential.value = answered(credential);
    form.submit();
  } catch {
    // Another way was chosen.
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) prepare(form);
  const offered = document.querySelector("form[data-offered]");
  if (offered) void offer(offered);
}
