// A room, live. The page works without this: here it hears, sends and reads on without a reload.
import { announce, bump, fragment, trust } from "../academy/app.js";
import { anew, ask, socket } from "../academy/live.js";
import { doc, follow, nonce, outbox, reachable } from "./delivery.js";

const $ = (selector, within = document) => within.querySelector(selector), id = (name) => document.getElementById(name);
const chat = $("[data-space]"), log = $(".log"), list = id("msgs"), form = $("[data-composer]"), box = form?.elements.body;
const jump = $("[data-jump]"), typing = $("[data-typing]"), strip = $("[data-replying]"), side = $("[data-people] ul");
const { space, me, name, zone, epoch } = chat.dataset, words = JSON.parse(chat.dataset.words), url = `/spaces/${space}`;
const [tail, may, moderates, thread] = ["tail", "post", "moderate", "thread"].map((key) => key in chat.dataset), draft = `draft:${me}:${space}`;
let solved = Number(chat.dataset.solved), read = Number(chat.dataset.read), rev = Number(chat.dataset.rev), paused = false, unseen = 0, target = {}, half = "", reading;

const { lang } = doc, format = (options) => {
  const made = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { timeZone: zone, ...options });
  return (at) => made.format(new Date(at));
};
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }), day = format({ weekday: "long", day: "numeric", month: "long" });
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const copy = (key) => id(key).content.firstElementChild.cloneNode(true);
const el = (tag, cls, text = "") => Object.assign(document.createElement(tag), { className: cls, textContent: text });
const here = () => !document.hidden && document.hasFocus(), pending = () => $(".is-sending, .is-failed", list);
const messages = () => [...list.querySelectorAll(".msg:not(.is-sending, .is-failed)")], no = (li) => Number(li?.dataset.no) || 0;
const nearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 120;
function toEnd() { log.scrollTop = log.scrollHeight; unseen = 0; jump.hidden = true; }

// The frame of a message: who, when, and what one may do. The words are the server's.
function reactions(li, post, given) {
  const old = $(".re", li), focused = old?.contains(document.activeElement) && document.activeElement.value, row = el("div", "re");
  for (const { emoji, count, who } of given) {
    const mine = who.includes(me), button = el("button", ""), face = el("span", "em", emoji), [one, many, too] = words.react;
    face.ariaHidden = true;
    button.append(face, count);
    for (const [key, value] of Object.entries({
      form: "act", formaction: `/posts/${post}/react`, name: mine ? "off" : "on", value: emoji, "aria-pressed": mine,
      "aria-label": fill(count === 1 ? one : many, { e: words.emojis[emoji], n: count }) + (mine ? too : ""),
    })) button.setAttribute(key, value);
    button.disabled = !may;
    row.append(button);
  }
  old?.remove();
  if (given.length) $(".body", li).after(row);
  if (focused) ($(`[value="${focused}"]`, row) ?? li).focus();
}
function frame(post) {
  const li = copy("t-msg"), { author: by } = post, mine = by?.id === me, who = by?.name ?? "", body = $(".body", li), time = $("time", li);
  const drop = (selector) => { for (const part of li.querySelectorAll(selector)) part.remove(); };
  li.id = `p-${post.id}`;
  Object.assign(li.dataset, { no: post.no, by: by?.id });
  li.classList.toggle("is-mine", mine);
  $(".av", li).textContent = by?.initials ?? "?";
  $(".av", li).dataset.h = by?.hue ?? 0;
  $("h3", li).textContent = who;
  if (by?.role) time.before(el("span", `tag tag-${by.role === "mentor" ? "plum" : "sky"}`, words.roles[by.role]));
  time.dateTime = post.at;
  time.textContent = clock(post.at);
  if (post.edited) time.after(copy("t-edited"));
  if (post.reply_to) {
    const quote = el("blockquote", "quote"), link = el("a", "");
    link.href = `/posts/${post.reply_to.id}`;
    link.append(el("b", "", post.reply_to.author), ` ${post.reply_to.excerpt || "…"}`);
    quote.append(link);
    body.before(quote);
  }
  if (post.removed) {
    li.classList.add("is-gone");
    body.append(el("p", "gone", post.by_author ? fill(words.gone, { name: who }) : words.gone_by));
  } else if (post.html) {
    body.replaceWith(fragment(`<div class="body">${post.html}</div>`));
    for (const span of li.querySelectorAll(`.mention[data-p~="${me}"]`)) span.classList.add("is-me");
  }
  if (post.removed || !post.id) { drop(".acts"); return li; }
  $("summary", li).ariaLabel = fill(words.acts, { name: who });
  for (const key of ["href", "formaction"]) for (const part of li.querySelectorAll(`[${key}*="/_/"]`)) part.setAttribute(key, part.getAttribute(key).replace("_", post.id));
  $("[name=no]", li).value = post.no;
  if (!mine || !may) drop("[href$='/edit']");
  if (!mine && !moderates) drop("[href$='/remove']");
  if (!may) drop(".quick, [href$='/reply']");
  if (post.no === 1) drop("[formaction$='/solve']");
  if (post.no === solved) answer(li, true);
  reactions(li, post.id, post.reactions);
  return li;
}

// Which message answers a thread, and whether anything can be added.
function answer(li, on) {
  const button = $("[formaction$='/solve']", li);
  li.classList.toggle("is-answer", on);
  $(".answers", li)?.remove();
  if (on) $(".who", li).append(copy("t-answer"));
  if (button) [button.value, $("span", button).textContent] = [on ? 0 : 1, words.solve[on ? 1 : 0]];
}
function state(now) {
  solved = now.solved ?? 0;
  for (const li of messages()) if ((no(li) === solved) !== li.matches(".is-answer")) answer(li, no(li) === solved);
  if (box && now.locked) close(words.locked);
  else if (box?.disabled) {
    const net = $(".net");
    box.disabled = false;
    net.dataset.net = "";
    net.hidden = socket.connected;
    wire();
  }
  const open = $("[data-open]"), slow = id("slow"); // of a page that was loaded locked, and has no box
  if (open && open.hidden !== now.locked) {
    open.hidden = now.locked;
    open.previousElementSibling.hidden = !now.locked;
    if (!now.locked) announce(open.textContent);
  }
  if (slow) { slow.textContent = words.slow[now.slow] ?? ""; slow.hidden = !now.slow; }
}
function close(why) {
  if (box) box.disabled = true;
  const net = $(".net");
  $("span", net).textContent = why;
  net.hidden = false;
  delete net.dataset.net;
}
// What the bar says without a socket. Whoever leaves is asked first while what is not sent is kept by this page alone.
function wire() {
  if (!log.isConnected) return; // whose page it was is gone
  const [plain, one, many, ...off] = words.net, span = $("[data-net] span"), n = list.querySelectorAll(".is-sending, .is-failed").length;
  const loose = out.loose.size && 2, text = (doc.dataset.http ? plain : off[loose + navigator.onLine]) + (n ? fill(n > 1 ? many : one, { n }) : "");
  onbeforeunload = n && loose ? () => true : null;
  if (span && span.textContent !== text) span.textContent = text;
}

// Its place: under its day, under one name with what the same person just said, before what is on its way.
function heading(cls, text, before) {
  const li = el("li", cls);
  li.append(el("h2", "", text));
  if (cls === "new") { $(".new", list)?.remove(); id("new")?.removeAttribute("id"); li.id = "new"; }
  list.insertBefore(li, before);
}
const fresh = (at, before) => heading("new", fill(words.new, { t: clock(at) }), before);
function join(li) {
  const before = li.previousElementSibling, at = (of) => new Date($("time", of).dateTime);
  if (!before?.matches(".msg:not(.is-gone)") || before.dataset.by !== li.dataset.by || $(".quote", li) || at(li) - at(before) > 300000) return;
  li.classList.add("cont");
  $(".av", li).remove();
}
function put(li, at) {
  const all = messages(), mine = no(li), next = li.matches(".is-sending") ? null : all.find((m) => no(m) > mine) ?? pending();
  const last = all.findLast((m) => !mine || no(m) < mine), above = next ? next.previousElementSibling : list.lastElementChild;
  const text = day(at) === day(Date.now()) ? fill(words.today, { day: day(at) }) : day(at); // it may stand there, of one's own on its way
  if (above?.textContent !== text && (!last || day(at) !== day($("time", last).dateTime))) heading("day", text, next);
  list.insertBefore(li, next);
  join(li);
  $("[data-empty]")?.remove();
}
function place(post, key) {
  const old = id(`p-${post.id}`) ?? id(`s-${key}`), mine = post.author?.id === me, stick = nearEnd(), li = frame(post);
  if (old && no(old)) {
    const inside = old.contains(document.activeElement);
    old.replaceWith(li);
    if (old.matches(".cont") && !post.removed) join(li);
    if (inside) li.focus({ preventScroll: true });
  } else if (post.no < no(messages().find(no))) return;
  else if (tail) {
    old?.remove();
    if (!mine && !(stick && here()) && !unseen && no($(".new", list)?.nextElementSibling) <= read) fresh(post.at, pending());
    put(li, post.at);
  }
  if (stick && tail) toEnd();
  if (!old && !mine && !(stick && tail && here())) {
    unseen++;
    jump.hidden = stick && tail;
    $("[data-jump-n]").textContent = fill(words.jump[unseen > 1 ? 1 : 0], { n: unseen });
  }
}
function apply({ kind, payload, nonce: key }) {
  const li = id(`p-${payload.id ?? payload.post}`), { author, person } = payload;
  if (kind === "post") {
    place(payload, key);
    if (key) out.settle(key);
    if (author?.id !== me && !payload.removed) {
      hush(author?.id);
      announce(`${author?.name}: ${$(".body", id(`p-${payload.id}`) ?? frame(payload)).textContent.trim().slice(0, 300)}`, { brief: fill(words.from, author ?? {}) });
    }
    seen();
  } else if (["pin", "lock", "solve", "slow"].includes(kind)) { state(payload); if (kind === "slow") out.hurry(); }
  else if (kind === "react") { if (li && !li.matches(".is-gone")) reactions(li, payload.post, payload.reactions); }
  else if (kind === "member") {
    const row = $(`[data-person="${person.id}"]`, side);
    if (!payload.member) row?.remove();
    else if (!row) {
      const made = copy("t-person");
      made.dataset.person = person.id;
      made.hidden = true;
      Object.assign($(".av", made), { textContent: person.initials }).dataset.h = person.hue;
      $("b", made).textContent = person.name;
      side.append(made);
    }
  } else if (li) place(payload);
}

// What the server is asked to keep: by socket, else by the form that works without scripts, or by the API, as `json`.
async function post(path, fields, json) {
  const headers = { "X-CSRFToken": id("act").elements.csrf_token.value, ...json && { "Content-Type": "application/json" } };
  const answer = await fetch(path, { method: "POST", redirect: "manual", signal: AbortSignal.timeout(8000), headers, body: json ? JSON.stringify(fields) : new URLSearchParams(fields) });
  // The token is that of another sign-in than the cookie is now, unless a page that was just loaded for it is told so too.
  const { ok, status } = answer, stale = status === 400, first = stale && !(history.state > Date.now() - 60000);
  if (first) { history.replaceState(Date.now(), ""); anew(); }
  const told = json && await answer.json().catch((error) => { if (ok) throw error; });
  return { detail: words.failed, ...told, ...stale && { detail: words.stale }, ok: json ? ok : answer.type === "opaqueredirect", retry: first || [401, 429].includes(status) || status >= 500, retry_after: +answer.headers.get("Retry-After") || 3 };
}
async function keep(event, payload, path, fields) {
  const ack = await (event && socket.connected ? ask(event, { ...payload, nonce: nonce() }) : post(path, fields)).catch(() => ({ detail: words.failed }));
  if (!ack.ok) say(ack.detail);
  return ack.ok;
}
function say(text) { announce(text); box?.setCustomValidity(text); box?.reportValidity(); }

// Sending: an echo stands at the end until its event or its ack comes, whichever is first.
const out = outbox({
  space, me, told(body) { wire(); if (body) spent(body); }, gone(key) { id(`s-${key}`)?.remove(); wire(); },
  post: (fields) => post(`/api/v1${url}/posts`, fields, true),
  show(item, loose) {
    const { initials, hue } = chat.dataset, li = frame({ id: "", author: { id: me, name, initials, hue }, at: new Date(item.at).toISOString() });
    li.id = `s-${item.nonce}`;
    li.classList.add("is-sending");
    $(".body", li).append(...item.body.split("\n").map((line) => el("p", "", line)));
    $(".who", li).append(el("span", "state", reachable() ? words.sending : loose ? words.loose : words.waiting));
    put(li, item.at);
    toEnd();
    wire();
  },
  sent({ nonce: key }, ack) {
    const li = id(`s-${key}`);
    if (!li) return;
    li.classList.remove("is-sending");
    wire();
    if (id(`p-${ack.id}`)) { li.remove(); return; }
    $(".state", li).remove();
    if (ack.id) { li.id = `p-${ack.id}`; list.insertBefore(li, messages().find((m) => no(m) > ack.no) ?? pending()); li.dataset.no = ack.no; }
  },
  late({ nonce: key }, { retry_after: wait }, loose) {
    if (wait > 5) $(`#s-${key} .state`).textContent = loose ? words.loose : fill(words.later, { t: clock(Date.now() + 1000 * wait) });
  },
  failed(item) {
    const li = id(`s-${item.nonce}`), row = copy("t-failed"), [again, drop] = row.querySelectorAll("button");
    li.classList.replace("is-sending", "is-failed");
    $(".state", li).remove();
    $("span", row).textContent = item.detail;
    const home = () => (box?.disabled === false ? box : log).focus();
    again.onclick = () => { li.remove(); out.retry(item); home(); };
    drop.onclick = async () => { await out.settle(item.nonce); li.remove(); wire(); home(); };
    li.append(row);
    announce(item.detail);
  },
});

// What is half written is kept here, for whoever wrote it, until it is sent; other tabs may have put theirs in its place.
function draw() {
  if (target.edit) return;
  half = box.value;
  try { localStorage[draft] = half; } catch { /* a browser that keeps nothing */ }
}
function spent(body) {
  try { if (localStorage[draft]?.trim() === body) localStorage[draft] = half; } catch { /* the same */ }
}

// The buttons and links of a message.
function aim(next, title, who = "") {
  if (target.edit) box.value = half; else half = box.value;
  target = next;
  strip.hidden = !title;
  if (!title) { form.elements.reply_to.value = ""; return; }
  $("span", strip).replaceChildren(`${title} `, el("b", "", who));
  box.focus();
}
list.addEventListener("click", async (event) => {
  const control = event.target.closest("a, button"), li = event.target.closest(".msg"), path = control?.getAttribute("formaction") ?? control?.getAttribute("href") ?? "";
  const post_id = li?.id.slice(2), what = path.match(/^\/\w+\/\w+\/?(\w*)$/)?.[1], menu = control?.closest("details"), quoted = id(`p-${path.slice(7)}`);
  if (what === undefined || event.ctrlKey || event.metaKey || control.closest(".body") || !what && !quoted) return;
  event.preventDefault();
  if (menu) { menu.open = false; $("summary", menu).focus({ preventScroll: true }); }
  if (!what) { quoted.scrollIntoView({ block: "center" }); quoted.focus({ preventScroll: true }); }
  else if (what === "react") keep("post:react", { post: post_id, emoji: control.value, on: control.name === "on" }, path, { [control.name]: control.value });
  else if (what === "solve") keep("", {}, path, { on: control.value });
  else if (what === "reply") aim({ reply: post_id }, words.reply, $("h3", li).textContent);
  else if (what === "remove") { if (confirm(words.remove)) keep("post:remove", { post: post_id }, path); }
  else if (what === "edit") {
    try {
      const page = new DOMParser().parseFromString(trust.createHTML(await (await fetch(path)).text()), "text/html");
      aim({ edit: post_id }, words.edit);
      box.value = $("#f-body", page).value;
    } catch { location.assign(path); }
  } else {
    paused = true;
    fresh($("time", li).dateTime, li);
    position(no(li) - 1, rev + 1, path, { no: no(li) });
  }
});

// Reading: what is on the screen of somebody who looks counts as read; a mark as unread holds until the next visit.
function position(to, revision, path = `${url}/read`, fields = { no: to }) {
  [read, rev] = [to, revision];
  if (socket.connected) ask("read:set", { space, no: to, rev }).catch(() => {});
  else if (reachable()) post(path, fields).catch(() => {});
}
function seen() {
  clearTimeout(reading);
  reading = setTimeout(() => {
    const all = messages(), bottom = log.getBoundingClientRect().bottom - 20;
    if (paused || !here() || !tail && no(all[0]) > read + 1) return;
    const last = no(all.findLast((li) => li.getBoundingClientRect().top < bottom));
    if (last > read) position(last, rev);
  }, 600);
}
socket.on("read:changed", (told) => {
  for (const [key, of] of [["rooms", "total"], ["boards", "boards"], ["inbox", "inbox"]]) bump(key, 0, { to: told[of] });
  if (told.space !== space) return;
  paused ||= told.rev > rev;
  [read, rev] = [told.no, told.rev];
});
socket.on("connect", seen);
addEventListener("offline", wire);
for (const event of ["disconnect", "connect_error"]) socket.on(event, wire);
for (const event of ["focus", "visibilitychange"]) addEventListener(event, seen);
log.addEventListener("scroll", () => { if (nearEnd() && tail) { unseen = 0; jump.hidden = true; } seen(); }, { passive: true });
jump.onclick = () => { if (tail) { toEnd(); box?.focus(); } else location.assign(`${url}#new`); };

// Who writes, who is here: never numbered, never kept.
const writers = new Map();
function hush(who) {
  clearTimeout(writers.get(who)?.timer);
  writers.delete(who);
  writing();
}
function writing() {
  const [a, b, c] = [...writers.values()].map((w) => w.name);
  if (typing) typing.textContent = a ? fill(words.typing[c ? 2 : b ? 1 : 0], { a, b }) : "";
}
socket.on("typing", (told) => {
  if (told.space !== space || told.person === me) return;
  hush(told.person);
  writers.set(told.person, { name: told.name, timer: setTimeout(hush, 4000, told.person) });
  writing();
});
socket.on("disconnect", () => [...writers.keys()].forEach(hush));
socket.on("presence", ({ space: where, people, count = people.length }) => {
  if (where !== space) return;
  $("[data-here]").textContent = fill(words.here, { n: count });
  for (const row of side.children) row.hidden = !people.includes(row.dataset.person);
  $("[data-alone]").hidden = count > 0;
});

follow({
  space, epoch, cursor: Number(chat.dataset.seq), apply,
  http() { wire(); out.pump(); },
  lost() { close(words.closed); },
});

if (form) {
  const bar = $("[role=toolbar]", form), tools = [...bar.children];
  let told = 0;
  target.reply = form.elements.reply_to.value;
  try { box.value ||= localStorage[draft] ?? ""; } catch { /* a browser that keeps nothing */ }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = box.value.trim(), over = [...box.value].length - chat.dataset.most, { edit, reply } = target;
    if (!body || over > 0) { if (body) say(fill(words.long, { n: over })); return; }
    box.value = "";
    aim({});
    paused = false;
    if (!edit) { if (await out.send(body, reply || undefined) && !tail) location.assign(`${url}#new`); }
    else if (!await keep("post:edit", { post: edit, body }, `/posts/${edit}/edit`, { body })) { aim({ edit }, words.edit); box.value = body; }
  });
  box.addEventListener("input", () => {
    box.setCustomValidity("");
    draw();
    if (socket.connected && box.value && Date.now() - told > 2500) { told = Date.now(); socket.emit("typing", { space }); }
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); box.setCustomValidity(""); form.requestSubmit(); }
    if (event.key === "Escape") aim({});
  });
  $("[data-cancel]").addEventListener("click", (event) => { event.preventDefault(); aim({}); box.focus(); });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], next = step && tools.at((tools.indexOf(event.target) + step) % tools.length);
    if (!next) return;
    for (const tool of tools) tool.tabIndex = tool === next ? 0 : -1;
    next.focus();
  });
  bar.addEventListener("click", (event) => {
    const md = event.target.closest("[data-md]")?.dataset.md, { selectionStart: from, selectionEnd: to, value } = box, text = value.slice(from, to);
    if (!md) return;
    box.setRangeText(md.endsWith(" ") ? text.replace(/^/gm, md) : md + text + md, from, to, "end");
    if (!text && !md.endsWith(" ")) box.selectionEnd = from + md.length;
    box.focus();
  });
}

// Arrows walk the messages, Home and End go to the ends.
log.addEventListener("keydown", (event) => {
  const all = [...list.querySelectorAll(".msg")], at = event.target, i = all.indexOf(at), last = all.length - 1;
  const next = { ArrowUp: i < 0 ? last : Math.max(0, i - 1), ArrowDown: i < 0 ? last : Math.min(last, i + 1), Home: 0, End: last }[event.key];
  if (next === undefined || at !== log && i < 0) return;
  event.preventDefault();
  all[next]?.focus();
});

// Begin at the message that the address names, else at the new ones, else at the end.
const first = location.hash.startsWith("#p-") ? id(location.hash.slice(1)) : $(".new", list);
if (first) log.scrollTop = first.offsetTop - log.clientHeight * .45; else if (tail && !thread) toEnd();
seen();
