// A room, live. The page works without this: here it hears, sends and reads on without a reload.
import { announce, bump, trust } from "../academy/app.js";
import { ask, socket } from "../academy/live.js";
import { follow } from "./log.js";
import { clock, copy, day, el, fill, frame, join, react, words } from "./message.js";
import { nonce, outbox } from "./outbox.js";

const $ = (selector, within = document) => within.querySelector(selector);
const chat = $("[data-space]"), log = $(".log"), list = $("#msgs"), form = $("[data-composer]"), box = form?.elements.body;
const jump = $("[data-jump]"), typing = $("[data-typing]"), strip = $("[data-replying]"), side = $("[data-people] ul");
const { space, me, name } = chat.dataset, url = `/spaces/${space}`, here = () => !document.hidden && document.hasFocus();
const csrf = $("#act").elements.csrf_token.value, draft = `draft:${me}:${space}`;
let tail = "tail" in chat.dataset, read = Number(chat.dataset.read), rev = Number(chat.dataset.rev), paused = false, unseen = 0;
let target = null, closed = false;

// Scrolling: stay at the end only if one is there.
const messages = () => [...list.querySelectorAll(".msg:not(.is-sending, .is-failed)")];
const nearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 120;
function toEnd() { log.scrollTop = log.scrollHeight; unseen = 0; jump.hidden = true; }
function below() {
  unseen++;
  jump.hidden = false;
  $("[data-jump-n]").textContent = fill(words.jump[unseen > 1 ? 1 : 0], { n: unseen });
}
function begin() {
  const fresh = $(".new", list), aim = location.hash.startsWith("#p-") && $(location.hash);
  if (aim) aim.scrollIntoView({ block: "center" });
  else if (fresh) log.scrollTop = fresh.offsetTop - log.clientHeight * .45;
  else if (tail) toEnd();
}

// What the server is asked to keep: by socket, else by the same form that works without scripts.
async function post(path, fields) {
  const answer = await fetch(path, { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf_token: csrf, ...fields }) });
  if (answer.type === "opaqueredirect") return { ok: true };
  const retry = answer.status === 429 || answer.status >= 500;
  return { ok: false, retry, retry_after: Number(answer.headers.get("Retry-After")) || 3, detail: words.failed };
}
async function keep(event, payload, path, fields) {
  let ack;
  try { ack = await (socket.connected ? ask(event, { ...payload, nonce: nonce() }) : post(path, fields)); } catch { ack = { ok: false }; }
  if (!ack.ok) say(ack.detail || words.failed);
  return ack;
}
function say(text) {
  if (!box) return announce(text);
  box.setCustomValidity(text);
  box.reportValidity();
}

// Headings: the day, and where the new ones begin.
function heading(cls, text) {
  const li = el("li", cls);
  li.append(el("h2", "", text));
  if (cls === "new") { $("#new")?.matches(".new") ? $("#new").remove() : $("#new")?.removeAttribute("id"); li.id = "new"; }
  return li;
}
function put(li, at) {
  const pending = li.matches(".is-sending, .is-failed") ? null : $(".is-sending, .is-failed", list), last = messages().at(-1);
  if (!last || day(at) !== day($("time", last).dateTime)) {
    const now = day(at) === day(Date.now());
    if (!pending) list.append(heading("day", now ? fill(words.today, { day: day(at) }) : day(at)));
  }
  list.insertBefore(li, pending);
  join(li);
  $("[data-empty]")?.remove();
}

function place(message, key) {
  const old = document.getElementById(`p-${message.id}`) ?? (key && document.getElementById(`s-${key}`));
  const mine = message.author?.id === me, fresh = !old && message.no > (Number(messages().at(-1)?.dataset.no) || 0);
  if (!old && (!fresh || !tail)) { if (!old && fresh && !mine) below(); return; }
  const li = frame(message), stick = nearEnd();
  if (old) {
    const inside = old.contains(document.activeElement);
    old.replaceWith(li);
    if (old.matches(".cont")) join(li);
    if (inside) li.focus({ preventScroll: true });
  } else {
    if (!mine && !message.removed && !(stick && here())) {
      const mark = $(".new", list);
      if (!mark || unseen === 0 && Number(mark.nextElementSibling?.dataset.no) <= read) {
        mark?.remove();
        list.insertBefore(heading("new", fill(words.new, { t: clock(message.at) })), $(".is-sending, .is-failed", list));
      }
    }
    put(li, message.at);
  }
  if (stick) toEnd(); else if (fresh && !mine) below();
}

const apply = ({ kind, payload, nonce: key }) => {
  if (kind === "post") {
    place(payload, key);
    if (key) box_.settle(key);
    const { author } = payload;
    if (author?.id !== me && !payload.removed) {
      hush(author?.id);
      const text = document.getElementById(`p-${payload.id}`)?.querySelector(".body").textContent.trim() ?? "";
      const brief = fill(words.from, { name: author?.name ?? "" });
      announce(text ? `${author?.name}: ${text.slice(0, 300)}` : brief, { brief });
    }
    seen();
  } else if (kind === "edit" || kind === "remove") {
    if (document.getElementById(`p-${payload.id}`)) place(payload);
  } else if (kind === "react") {
    const li = document.getElementById(`p-${payload.post}`);
    if (li && !li.matches(".is-gone")) { const stick = nearEnd(); react(li, payload.post, payload.reactions); if (stick) toEnd(); }
  } else if (kind === "member" && side) {
    const row = $(`[data-person="${payload.person.id}"]`, side);
    if (payload.member && !row) side.append(person(payload.person)); else if (!payload.member) row?.remove();
  }
};

// Loading: older messages, and the whole list afresh after a reset.
async function load(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(answer.status);
  return new DOMParser().parseFromString(trust.createHTML(await answer.text()), "text/html");
}
async function reset() {
  const page = await load(url), fresh = $("[data-space]", page).dataset;
  list.replaceChildren(...$("#msgs", page).children);
  $("#older")?.remove();
  if ($("#older", page)) log.prepend($("#older", page));
  for (const item of box_.items()) show(item);
  tail = true;
  toEnd();
  return { epoch: fresh.epoch, cursor: Number(fresh.seq) };
}
log.addEventListener("click", async (event) => {
  const link = event.target.closest("#older a");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  try {
    const page = await load(link.href), rest = log.scrollHeight - log.scrollTop, first = $(".day", list), old = $(".new", list);
    const more = [...$("#msgs", page).children], older = $("#older", page);
    if (more.findLast((li) => li.matches(".day"))?.textContent === first?.textContent) first?.remove();
    if (more.some((li) => li.matches(".new"))) old?.remove();
    list.prepend(...more);
    $("#older").remove();
    if (older) log.prepend(older);
    log.scrollTop = log.scrollHeight - rest;
    more.findLast((li) => li.matches(".msg"))?.focus({ preventScroll: true });
  } catch { location.assign(link.href); }
});

// Sending: an echo stands at the end until its event or its ack comes, whichever is first.
function show(item) {
  if (document.getElementById(`s-${item.nonce}`)) return;
  const { initials, hue } = chat.dataset, li = frame({ id: "", no: 0, author: { id: me, name, initials, hue }, at: new Date(item.at).toISOString() });
  li.id = `s-${item.nonce}`;
  li.classList.add("is-sending");
  for (const part of item.body.split(/\n{2,}/)) { const p = el("p", "", part); p.style.setProperty("white-space", "pre-line"); $(".body", li).append(p); }
  $(".who", li).append(el("span", "state", socket.connected || document.documentElement.dataset.http ? words.sending : words.waiting));
  put(li, item.at);
  toEnd();
}
const box_ = outbox({
  space, me, show,
  post: (fields) => post(`${url}/posts`, fields),
  sent(item, ack) {
    const li = document.getElementById(`s-${item.nonce}`);
    if (!li) return;
    if (ack.id && document.getElementById(`p-${ack.id}`)) return li.remove();
    li.classList.remove("is-sending");
    $(".state", li)?.remove();
    if (ack.id) { li.id = `p-${ack.id}`; li.dataset.no = ack.no; }
  },
  failed(item) {
    const li = document.getElementById(`s-${item.nonce}`), row = copy("t-failed"), [again, drop] = row.querySelectorAll("button");
    if (!li || $(".retry", li)) return;
    li.classList.replace("is-sending", "is-failed");
    $(".state", li)?.remove();
    $("span", row).textContent = item.detail;
    again.onclick = () => { li.remove(); box_.retry(item.nonce); };
    drop.onclick = () => { li.remove(); box_.settle(item.nonce); box?.focus(); };
    li.append(row);
    announce(item.detail);
  },
});

function aim(next, li, title) {
  target = next;
  strip.hidden = !next;
  form.elements.reply_to.value = next?.reply ?? "";
  if (!next) return;
  $("span", strip).replaceChildren(`${title} `, el("b", "", next.reply ? $("h3", li).textContent : ""));
  box.focus();
}
async function submit() {
  const body = box.value.trim(), over = [...box.value].length - Number(chat.dataset.most);
  if (!body || closed) return;
  if (over > 0) return say(fill(words.long, { n: over }));
  const { edit, reply } = target ?? { reply: form.elements.reply_to.value };
  box.value = "";
  localStorage.removeItem(draft);
  aim(null);
  paused = false;
  if (!edit) { box_.send(body, reply || undefined); return; }
  const ack = await keep("post:edit", { post: edit, body }, `/posts/${edit}/edit`, { body });
  if (!ack.ok && !box.value) box.value = body;
}
async function act(event) {
  const control = event.target.closest("a, button"), li = event.target.closest(".msg");
  if (!control || !li || event.ctrlKey || event.metaKey) return;
  const path = control.getAttribute("formaction") ?? control.getAttribute("href") ?? "", id = li.id.slice(2);
  const jumpTo = control.closest(".quote") && document.getElementById(`p-${path.slice(7)}`);
  if (jumpTo) { event.preventDefault(); jumpTo.scrollIntoView({ block: "center" }); jumpTo.focus({ preventScroll: true }); return; }
  const what = path.match(/\/(react|reply|edit|remove|unread)$/)?.[1];
  if (!what) return;
  event.preventDefault();
  const menu = control.closest("details");
  if (menu) { menu.open = false; $("summary", menu).focus({ preventScroll: true }); }
  if (what === "react") keep("post:react", { post: id, emoji: control.value, on: control.name === "on" }, path, { [control.name]: control.value });
  else if (what === "reply") aim({ reply: id }, li, words.reply);
  else if (what === "remove") { if (confirm(words.remove)) keep("post:remove", { post: id }, path, {}); }
  else if (what === "edit") {
    try {
      box.value = $("textarea[name=body]", await load(path)).value;
      aim({ edit: id }, li, words.edit);
    } catch { location.assign(path); }
  } else {
    paused = true;
    $(".new", list)?.remove();
    li.before(heading("new", fill(words.new, { t: clock($("time", li).dateTime) })));
    position(Number(li.dataset.no) - 1, rev + 1, path, { no: li.dataset.no });
  }
}
list.addEventListener("click", act);

// Reading: what was on the screen of somebody who looks counts as read; marking as unread holds until the next visit.
let reading;
function position(no, revision, path = `${url}/read`, fields = { no }) {
  [read, rev] = [no, revision];
  if (socket.connected) ask("read:set", { space, no, rev: revision }).then((ack) => { if (ack.ok) ({ no: read, rev } = ack); }).catch(() => {});
  else if (document.documentElement.dataset.http) post(path, fields).catch(() => {});
}
function seen() {
  clearTimeout(reading);
  reading = setTimeout(() => {
    if (paused || !here()) return;
    const all = messages(), bottom = log.getBoundingClientRect().bottom;
    if (!tail && Number(all[0]?.dataset.no) > read + 1) return;
    const last = all.findLast((li) => li.getBoundingClientRect().top < bottom - 20);
    if (Number(last?.dataset.no) > read) position(Number(last.dataset.no), rev);
  }, 600);
}
socket.on("read:changed", (told) => {
  bump("rooms", 0, { to: told.total });
  if (told.space !== space) return;
  if (told.rev > rev) paused = true;
  [read, rev] = [told.no, told.rev];
});
log.addEventListener("scroll", () => { if (nearEnd() && tail) { unseen = 0; jump.hidden = true; } seen(); }, { passive: true });
for (const event of ["focus", "visibilitychange"]) addEventListener(event, seen);
socket.on("connect", seen);
jump.addEventListener("click", () => { if (!tail) return location.assign(`${url}#new`); toEnd(); box?.focus(); });

// Who is here, who writes.
const writers = new Map();
function hush(id) { clearTimeout(writers.get(id)?.timer); writers.delete(id); writing(); }
function writing() {
  if (!typing) return;
  const [a, b, c] = [...writers.values()].map((w) => w.name);
  typing.textContent = a ? fill(words.typing[c ? 2 : b ? 1 : 0], { a, b }) : "";
}
socket.on("typing", (told) => {
  if (told.space !== space || told.person === me) return;
  clearTimeout(writers.get(told.person)?.timer);
  writers.set(told.person, { name: told.name, timer: setTimeout(hush, 4000, told.person) });
  writing();
});
function person({ id, name, initials, hue }) {
  const li = copy("t-person"), face = $(".av", li);
  li.dataset.person = id;
  li.hidden = true;
  face.textContent = initials;
  face.dataset.h = hue;
  $("b", li).textContent = name;
  return li;
}
socket.on("presence", ({ space: where, people }) => {
  if (where !== space) return;
  $("[data-here]").textContent = fill(words.here, { n: people.length });
  for (const row of side.children) row.hidden = !people.includes(row.dataset.person);
  $("[data-alone]").hidden = people.length > 0;
});
socket.on("disconnect", () => { for (const id of [...writers.keys()]) hush(id); });

follow({
  space, epoch: chat.dataset.epoch, cursor: Number(chat.dataset.seq), apply, reset,
  http: () => box_.pump(),
  lost() {
    closed = true;
    if (box) box.disabled = true;
    const bar = $("[data-net]");
    $("span", bar).textContent = words.closed;
    bar.hidden = false;
  },
});

// The composer.
if (form) {
  if (!box.value) try { box.value = localStorage.getItem(draft) ?? ""; } catch { /* a browser that keeps nothing */ }
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  let told = 0, saving;
  box.addEventListener("input", () => {
    box.setCustomValidity("");
    clearTimeout(saving);
    saving = setTimeout(() => { if (!target?.edit) localStorage.setItem(draft, box.value); }, 300);
    if (socket.connected && box.value && Date.now() - told > 2500) { told = Date.now(); socket.emit("typing", { space }); }
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
    if (event.key === "Escape" && target) { if (target.edit) box.value = ""; aim(null); }
  });
  $("[data-cancel]").addEventListener("click", (event) => { event.preventDefault(); if (target?.edit) box.value = ""; aim(null); box.focus(); });
  const bar = $("[role=toolbar]", form), tools = [...bar.children];
  bar.addEventListener("keydown", (event) => {
    const i = tools.indexOf(document.activeElement), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step ? tools.at((i + step) % tools.length) : { Home: tools[0], End: tools.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    for (const tool of tools) tool.tabIndex = tool === next ? 0 : -1;
    next.focus();
  });
  bar.addEventListener("click", (event) => {
    const md = event.target.closest("[data-md]")?.dataset.md, { selectionStart: from, selectionEnd: to, value } = box;
    if (!md) return;
    const text = value.slice(from, to), line = md.endsWith(" ");
    box.setRangeText(line ? text.replace(/^/gm, md) : md + text + md, from, to, "end");
    if (!line && !text) box.setSelectionRange(from + md.length, from + md.length);
    box.focus();
  });
}

// Arrows walk the messages, Home and End go to the ends.
log.addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key], all = [...list.querySelectorAll(".msg")], { activeElement: at } = document;
  if (!step && event.key !== "Home" && event.key !== "End" || at !== log && !at.matches(".msg") || !all.length) return;
  const i = all.indexOf(at), next = step ? (i < 0 ? all.length - 1 : Math.min(all.length - 1, Math.max(0, i + step))) : event.key === "Home" ? 0 : all.length - 1;
  event.preventDefault();
  all[next].focus();
});
begin();
seen();
