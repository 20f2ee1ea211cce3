// Following a notice marks it as read on the way, and so does its own button, without a new page.
import { bump } from "./app.js";

const list = document.querySelector(".notices");

function read(row) {
  const button = row?.querySelector("[data-read]");
  if (!button) return;
  fetch(button.formAction, {
    method: "POST", body: new URLSearchParams(new FormData(button.form)), redirect: "manual", keepalive: true,
    headers: { "X-Requested-With": "fetch" },
  }).catch(() => {});
  const had = document.activeElement === button;
  button.remove();
  row.classList.remove("is-new");
  row.querySelector("h3 .vh")?.remove();
  if (had) row.querySelector("a")?.focus();
  bump("inbox", -1);
}

for (const kind of ["click", "auxclick"]) {
  list?.addEventListener(kind, (event) => {
    if (kind === "auxclick" && event.button !== 1) return;
    const row = event.target.closest(".notice");
    if (event.target.closest("[data-read]")) { event.preventDefault(); read(row); }
    else if (event.target.closest("a")) read(row);
  });
}
