// Passkeys: the server says what to sign, the device signs it, and the page's own form carries the answer.
const Key = window.PublicKeyCredential;

async function answered(form) {
  const reply = await fetch(form.dataset.passkey, {
    method: "POST", body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value }),
    headers: { "X-Requested-With": "fetch" },
  });
  const asked = await reply.json();
  if (asked.go) { location.assign(asked.go); return null; }
  if (asked.said) throw new Error(asked.said);
  const made = form.dataset.passkeyVerb === "create"
    ? await navigator.credentials.create({ publicKey: Key.parseCreationOptionsFromJSON(asked) })
    : await navigator.credentials.get({ publicKey: Key.parseRequestOptionsFromJSON(asked) });
  return JSON.stringify(made);
}

function words(form, error) {
  if (error instanceof DOMException) return form.dataset.cancelled;
  return error instanceof TypeError || error instanceof SyntaxError ? form.dataset.failed : error.message;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    const answer = form.elements.credential, said = form.querySelector("[data-passkey-said]");
    if (answer.value) return;
    event.preventDefault();
    said.hidden = true;
    try {
      if (!Key?.parseRequestOptionsFromJSON) throw new Error(form.dataset.unable);
      const found = await answered(form);
      if (found === null) return;
      answer.value = found;
      form.requestSubmit();
    } catch (error) {
      said.textContent = words(form, error);
      said.hidden = false;
    }
  });
}

// Coming back to this page asks anew: what was signed counts once.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.credential.value = "";
});
