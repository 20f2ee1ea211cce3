// The reader's and the writer's side of docs/realtime.md: nothing is missed, shown twice, out of order or sent twice.
import { anew, ask, auth, socket } from "../academy/live.js";

export const doc = document.documentElement;
/** Whether the server can be reached: by socket, or by plain requests where no socket gets through. */
export const reachable = () => socket.connected || doc.dataset.http;

// While the page is loaded afresh nothing of the other history goes onto it. Who is asked whether to leave is asked once.
let stale, asked;
function reset() {
  if (stale || asked && onbeforeunload) return;
  asked = true;
  stale = !onbeforeunload && setTimeout(() => { stale = 0; }, 30000);
  location.reload();
}

/** Follow a space from `cursor` on: `apply(event)` gets each event once, in order; `lost()` hears that it is closed to us. */
export function follow({ space, epoch, cursor, apply, lost, http }) {
  const held = new Map(), later = (s, then = sync) => setTimeout(then, 1000 * s * (1 + Math.random()));
  let syncing, again, ended, timer, wait, gap, far = 0, calm = 0;

  function step(event) {
    for (; event; event = held.get(cursor + 1)) {
      // Moves only after the handler succeeded.
      if (event.seq > cursor) { apply(event); cursor = event.seq; }
      held.delete(event.seq);
    }
  }
  function take(event) {
    if (event.epoch !== epoch) reset();
    else if (event.seq <= cursor + 1) step(event);
    else { if (!held.has(event.seq)) held.set(event.seq, event); behind(event.seq); }
  }
  // Two server processes may tell what is next in the wrong order: it is asked for if it does not come by itself.
  function behind(seq) {
    if (seq > far) far = seq;
    gap ??= later(.15, () => { gap = undefined; if (far > cursor) sync(); });
  }
  // An answer's page leaves nothing out. Says whether there is more.
  function read(answer, page = answer, once = sync) {
    if (!answer.ok) { if (answer.retry) later(answer.retry_after ?? 1, once); else { ended = true; delete doc.dataset.http; lost(); } }
    else if (page.reset || page.epoch !== epoch) reset();
    else { page.events.forEach(step); return page.more; }
  }
  async function fetched() {
    const answer = await fetch(`/api/v1/spaces/${space}/events?since=${cursor}&epoch=${epoch}&as=${auth.as}`, { signal: AbortSignal.timeout(8000) });
    // Nobody is signed in, or somebody else: the page asks who.
    if (answer.status === 401) { ended = true; throw anew(); }
    return { ok: answer.ok, retry: answer.status >= 429, ...await answer.json() };
  }
  async function sync() {
    again = true;
    if (syncing || ended || !reachable()) return;
    syncing = true;
    try {
      while (again) {
        again = false;
        again = read(await (socket.connected ? ask("space:sync", { space, since: cursor, epoch }) : fetched())) || again;
      }
    } catch { later(1); }
    syncing = false;
  }
  async function open() {
    if (!socket.connected) return;
    delete doc.dataset.http;
    wait = 5;
    try {
      const answer = await ask("space:open", { spaces: { [space]: cursor } });
      if (read(answer, answer.spaces?.[space], open)) sync();
    } catch { later(1, open); }
  }
  socket.on("connect", open);
  open();
  socket.on("space:event", (event) => event.space === space && take(event));
  socket.on("space:heads", ({ [space]: head }) => {
    // Below where we were a beacon ago: some of the log is lost.
    head < calm ? sync() : behind(head);
    calm = cursor;
  });
  for (const name of ["focus", "online"]) addEventListener(name, sync);

  function poll() {
    timer ??= setTimeout(async () => {
      timer = undefined;
      if (socket.connected || ended) return;
      try {
        const answer = await fetched();
        doc.dataset.http = "on";
        wait = 5;
        http();
        if (read(answer)) sync();
      } catch { delete doc.dataset.http; wait = Math.min(60, 2 * wait); http(); }
      poll();
    }, 1000 * (wait ??= 5));
  }
  socket.on("disconnect", poll);
  socket.on("connect_error", poll);
  // And where a socket neither opens nor fails.
  poll();
}

const done = (of) => new Promise((resolve, reject) => {
  of.onsuccess = of.oncomplete = () => resolve(of.result);
  of.onerror = of.onabort = () => reject(of.error);
});
let database;
async function reached() {
  const request = indexedDB.open("academy-outbox", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("sends", { keyPath: "nonce" });
  const found = await done(request);
  // A page of tomorrow does not wait for this one.
  found.onversionchange = () => found.close();
  return found;
}
// Done is what the whole transaction did: a full disk may refuse at its very end. What failed is opened anew.
async function table(use) {
  try {
    const work = (await (database ??= reached())).transaction("sends", "readwrite"), request = use(work.objectStore("sends"));
    await done(work);
    return request.result;
  } catch (error) { database = undefined; throw error; }
}

/** 128 random bits. */
export const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => (b + 256).toString(16).slice(1)).join("");

/** What one person wrote in one space and the server has not stored yet: kept through closed tabs, sent once. */
export function outbox({ space, me, show, sent, failed, late, gone, post, told }) {
  // What this page alone holds, as the browser has not kept it; "" until it has said anything at all.
  const kept = new Map(), added = new Map(), loose = new Set([""]), name = `outbox:${me}:${space}`, tabs = new BroadcastChannel(name);
  let sending, more, wake, patience;
  // Tabs tell each other what to look at again; which words of its own are kept or sent each tells its own page.
  async function write(key, use) {
    try { await table(use); loose.delete(key); tabs.postMessage(key); told(added.get(key)); return true; } catch { /* said by loose */ } finally { patience = undefined; }
  }
  // Whether it is done. A browser that does not answer has a second, once; what it does later is done all the same.
  const save = (key, use) => Promise.race([write(key, use), patience ??= new Promise((done) => setTimeout(done, 1000))]);
  const settle = (key) => { kept.delete(key); loose.delete(key); told(added.get(key)); added.delete(key); return save(key, (rows) => rows.delete(key)); };
  function take(item) {
    const { nonce: key, detail } = item, known = kept.get(key);
    if (known && (known.detail || !detail)) return;
    kept.set(key, item);
    if (!known) show(item);
    if (detail) failed(item);
  }
  tabs.onmessage = ({ data: key }) => table((rows) => rows.get(key)).then((item) => {
    if (item) { take(item); pump(); } else if (kept.delete(key)) gone(key);
  }, () => {});

  // One at a time and in order, in one tab at a time; where there are no locks the nonce alone keeps it to once.
  async function pump() {
    more = true;
    if (sending) return;
    sending = true;
    try { while (more) { more = false; await (navigator.locks?.request(name, run) ?? run()); } } finally { sending = false; }
  }
  async function run() {
    for (let item; reachable() && (item = [...kept.values()].find((i) => !i.detail)); ) {
      const { nonce: key, body, reply_to } = item, sends = { nonce: key, body, ...reply_to && { reply_to } };
      let ack;
      try { ack = await (socket.connected ? ask("post:send", { space, ...sends }) : post(sends)); } catch { ack = { retry: true }; }
      // It is sent again by the page to come, which knows where it stands.
      if (stale) return;
      if (ack.ok) { await settle(key); sent(item, ack); }
      else if (ack.retry) {
        if (kept.has(key)) late(item, ack, loose.has(key));
        await new Promise((done) => { wake = done; setTimeout(done, 1000 * (ack.retry_after ?? 1)); });
      }
      else if (kept.has(key)) { item.detail = ack.detail || "?"; failed(item); await save(key, (rows) => rows.put(item)); }
    }
  }
  // What is shown is kept, or says that it is not.
  async function add(item) {
    const { nonce: key, body } = item;
    added.set(key, body);
    const safe = await save(key, (rows) => rows.put(item));
    if (!safe) loose.add(key);
    kept.set(key, item);
    show(item, !safe);
    pump();
    return safe;
  }
  // At first, and again with each connection: a page that was put aside does not hear the other tabs.
  function load() {
    // What is known waits for no answer.
    pump();
    table((rows) => rows.getAll()).then((items) => {
      loose.delete("");
      items.filter((i) => i.space === space && i.me === me).sort((a, b) => a.at - b.at).forEach(take);
      told();
    }, () => {}).then(pump);
  }
  socket.on("connect", load);
  load();
  return {
    pump, settle, loose, hurry: () => wake?.(),
    send: (body, reply_to) => add({ nonce: nonce(), space, me, body, reply_to, at: Date.now() }),
    async retry({ detail, ...item }) { await add({ ...item, nonce: nonce() }); settle(item.nonce); },
  };
}
