// What every page shares: display choices, the announcer, focus, menus. All of it is a convenience: pages work without.
const doc = document.documentElement;
doc.dataset.js = "on";

const rules = { createHTML: (html) => html };
export const trust = window.trustedTypes?.createPolicy("academy", rules) ?? rules;

/** The first element of HTML that the server rendered. */
export function fragment(html) {
  const holder = document.createElement("template");
  holder.innerHTML = trust.createHTML(html);
  return holder.content.firstElementChild;
}

// Display choices apply at once and are saved quietly; with scripts off the same form has a button.
document.querySelector("[data-prefs]")?.addEventListener("change", (event) => {
  const { name, value, form } = event.target;
  if (value === "system") delete doc.dataset[name];
  else doc.dataset[name] = value;
  fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual", keepalive: true,
    headers: { "X-Requested-With": "fetch" },
  }).catch(() => {});
});

// One hidden log speaks at most one sentence a second; a burst is summed up.
const region = document.getElementById("say");
let waiting = [], timer;
export function announce(text, { brief = text } = {}) {
  const choice = doc.dataset.announce ?? "full";
  if (choice === "off" || !region) return;
  waiting.push(choice === "names" ? brief : text);
  timer ??= setTimeout(() => {
    const line = document.createElement("p");
    line.textContent = waiting.length > 3 ? region.dataset.many.replace("{n}", waiting.length) : waiting.join(". ");
    region.append(line);
    while (region.childElementCount > 8) region.firstElementChild.remove();
    waiting = []; timer = undefined;
  }, 900);
}

/** Raise the badges of a navigation entry by n, or set them with {to}. */
export function bump(key, n = 1, { to } = {}) {
  for (const badge of document.querySelectorAll(`[data-count~="${CSS.escape(key)}"]`)) {
    const number = badge.querySelector("[data-n]"), now = to ?? Number(number.textContent) + n;
    number.textContent = now;
    badge.hidden = now < 1;
  }
}

// A swap may ask for focus with data-focus; a form's error summary always does.
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target;
  (target?.isConnected ? target : document).querySelector("[data-focus]")?.focus();
});

// A form marked data-once is sent once; its button keeps its words and says it is busy.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-once]");
  if (!form || event.defaultPrevented) return;
  if (form.dataset.busy) { event.preventDefault(); return; }
  form.dataset.busy = "on";
  event.submitter?.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-busy]")) {
    delete form.dataset.busy;
    form.querySelector("[aria-disabled]")?.removeAttribute("aria-disabled");
  }
});

// Whoever signs out leaves no page behind: one that the browser puts aside is empty, and is asked for when gone back to.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") addEventListener("pagehide", () => {
    doc.replaceChildren();
    addEventListener("pageshow", () => location.reload());
  });
});

// Menus are <details>: one open at a time, Escape closes and gives the focus back, a press elsewhere closes.
const open = () => document.querySelectorAll("details.acts[open]");
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.acts[open]")) for (const other of open()) if (other !== event.target) other.open = false;
}, true);
document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});
