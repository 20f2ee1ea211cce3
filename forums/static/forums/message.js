// The frame of a message. The server renders the words, the same for everybody; who, when and what one may do is put
// around them here, in a copy of the page's own template.
import { fragment } from "../academy/app.js";

const chat = document.querySelector("[data-space]"), { me, zone } = chat.dataset;
export const words = JSON.parse(chat.dataset.words);
const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const format = (options) => new Intl.DateTimeFormat(lang, { timeZone: zone, ...options });
const hours = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const days = format({ weekday: "long", day: "numeric", month: "long" });
export const clock = (at) => hours.format(new Date(at));
export const day = (at) => days.format(new Date(at));
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

export function el(name, cls, text) {
  const made = document.createElement(name);
  if (cls) made.className = cls;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Put reactions under a message; the button that has the focus keeps it. */
export function react(li, post, list) {
  const old = li.querySelector(".re"), focused = old?.contains(document.activeElement) && document.activeElement.value;
  const row = el("div", "re");
  for (const { emoji, count, who } of list) {
    const mine = who.includes(me), button = el("button"), face = el("span", "em", emoji), [one, many, too] = words.react;
    face.ariaHidden = "true";
    button.append(face, count);
    button.setAttribute("form", "act");
    button.setAttribute("formaction", `/posts/${post}/react`);
    button.name = mine ? "off" : "on";
    button.value = emoji;
    button.disabled = !("post" in chat.dataset);
    button.ariaPressed = String(mine);
    button.ariaLabel = fill(count === 1 ? one : many, { e: words.emojis[emoji], n: count }) + (mine ? too : "");
    row.append(button);
  }
  old?.remove();
  if (list.length) li.querySelector(".body").after(row);
  if (focused) (row.querySelector(`[value="${focused}"]`) ?? li).focus();
}

/** The list item of a post as the wire brings it. */
export function frame(post) {
  const li = copy("t-msg"), find = (selector) => li.querySelector(selector), { author } = post, mine = author?.id === me;
  const name = author?.name ?? "", body = find(".body"), time = find("time"), who = find(".who");
  li.id = `p-${post.id}`;
  li.dataset.no = post.no;
  li.dataset.by = author?.id ?? "";
  li.dataset.at = post.at;
  li.classList.toggle("is-mine", mine);
  find(".av").textContent = author?.initials ?? "?";
  find(".av").dataset.h = author?.hue ?? 0;
  find("h3").textContent = name;
  if (author?.role) time.before(el("span", `tag tag-${author.role === "mentor" ? "plum" : "sky"}`, words.roles[author.role]));
  time.dateTime = post.at;
  time.textContent = clock(post.at);
  if (post.edited) who.append(copy("t-edited"));
  if (post.reply_to) {
    const quote = el("blockquote", "quote"), link = el("a");
    link.href = `/posts/${post.reply_to.id}`;
    link.append(el("b", "", post.reply_to.author), ` ${post.reply_to.excerpt || "…"}`);
    quote.append(link);
    body.before(quote);
  }
  if (post.removed) {
    li.classList.add("is-gone");
    body.append(el("p", "gone", post.by_author ? fill(words.gone, { name }) : words.gone_by));
  } else if (post.html) {
    body.replaceWith(fragment(`<div class="body">${post.html}</div>`));
    for (const span of li.querySelectorAll(`.mention[data-p~="${me}"]`)) span.classList.add("is-me");
  }
  if (post.removed || !post.id) find(".acts").remove();
  else {
    find("summary").ariaLabel = fill(words.acts, { name });
    for (const link of li.querySelectorAll('[href*="/_/"]')) link.setAttribute("href", link.getAttribute("href").replace("_", post.id));
    for (const button of li.querySelectorAll(".quick button")) button.setAttribute("formaction", `/posts/${post.id}/react`);
    find("[name=no]").value = post.no;
    if (!mine || !("post" in chat.dataset)) find("[href$='/edit']").remove();
    if (!mine && !("moderate" in chat.dataset)) find("[href$='/remove']").remove();
    if (!("post" in chat.dataset)) for (const part of li.querySelectorAll(".quick, [href$='/reply']")) part.remove();
    react(li, post.id, post.reactions);
  }
  return li;
}

/** Let messages of one person within five minutes stand under one name. */
export function join(li) {
  const before = li.previousElementSibling, gap = new Date(li.dataset.at) - new Date(before?.querySelector("time")?.dateTime);
  const cont = before?.matches(".msg:not(.is-gone)") && before.dataset.by === li.dataset.by && gap < 300000;
  if (!cont || li.matches(".is-gone") || li.querySelector(".quote")) return;
  li.classList.add("cont");
  li.querySelector(".av").remove();
}
