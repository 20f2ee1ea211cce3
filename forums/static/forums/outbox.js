// What was written and not yet stored by the server: kept in IndexedDB, so through a closed tab, and sent once.
import { ask, socket } from "../academy/live.js";

const doc = document.documentElement;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
let database;
function table(mode) {
  database ??= (() => {
    const request = indexedDB.open("academy-outbox", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("sends", { keyPath: "nonce" });
    return done(request);
  })();
  return database.then((db) => db.transaction("sends", mode).objectStore("sends"));
}

/** 128 random bits, also where crypto.randomUUID is not to be had. */
export const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/**
 * The outbox of one person in one space. `show(item)` puts an item on the page, `sent(item, ack)` and `failed(item)` say
 * what became of it; `post(fields)` sends a form where there is no socket.
 */
export function outbox({ space, me, show, sent, failed, post }) {
  const kept = new Map(); // as the page knows them; the database outlives it
  let sending = false, more = false;
  const save = (item) => table("readwrite").then((rows) => done(rows.put(item))).catch(() => {});
  const settle = (key) => { kept.delete(key); return table("readwrite").then((rows) => done(rows.delete(key))).catch(() => {}); };
  const here = (item) => item.space === space && item.me === me;

  async function deliver({ nonce, body, reply_to }) {
    try {
      if (socket.connected) return await ask("post:send", { space, nonce, body, ...(reply_to && { reply_to }) });
      return await post({ nonce, body, ...(reply_to && { reply_to }) });
    } catch { return { ok: false, retry: true, retry_after: 1 }; } // no answer: the same again, under the same nonce
  }

  // One at a time and in order, in one tab at a time. Where there are no locks the nonce alone keeps it to once.
  async function pump() {
    if (sending) { more = true; return; }
    sending = true;
    do { more = false; await (navigator.locks?.request(`outbox:${me}:${space}`, run) ?? run()); } while (more);
    sending = false;
  }
  async function run() {
    while (socket.connected || doc.dataset.http) {
      const item = [...kept.values()].find((i) => !i.detail);
      if (!item) return;
      const ack = await deliver(item);
      if (ack.ok) { await settle(item.nonce); sent(item, ack); } else if (ack.retry) {
        await new Promise((wake) => setTimeout(wake, (ack.retry_after ?? 1) * 1000));
      } else if (kept.has(item.nonce)) {
        item.detail = ack.detail || " ";
        await save(item);
        failed(item);
      }
    }
  }

  async function add(item) {
    kept.set(item.nonce, item);
    show(item);
    await save(item);
    pump();
  }
  async function retry(key) {
    const { detail, ...item } = kept.get(key); // refused for good, so nothing is stored under its nonce
    await settle(key);
    add({ ...item, nonce: nonce() });
  }

  socket.on("connect", pump);
  table("readonly").then((rows) => done(rows.getAll())).then((items) => {
    for (const item of items.filter(here).sort((a, b) => a.at - b.at)) {
      kept.set(item.nonce, item);
      show(item);
      if (item.detail) failed(item);
    }
    pump();
  }).catch(() => {});

  return {
    send: (body, reply_to) => add({ nonce: nonce(), space, me, body, reply_to, at: Date.now() }),
    settle, retry, pump, items: () => kept.values(),
  };
}
