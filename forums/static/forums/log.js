// The reader's side of a space's log, as docs/realtime.md has it: nothing is missed, shown twice or out of order.
import { ask, onLive, socket } from "../academy/live.js";

const doc = document.documentElement, POLL = 5000, SLOWEST = 60000;

/**
 * Follow a space from `cursor` on. `apply(event)` gets each event once and in order; `reset()` loads the room afresh
 * and resolves with its { epoch, cursor }; `lost()` hears that the room is closed to us; `http()` that the fallback works.
 */
export function follow({ space, epoch, cursor, apply, reset, lost, http }) {
  const held = new Map();
  let syncing = false, again = false, restarting = false, ended = false, timer, wait = POLL;

  // The cursor moves only after the handler succeeded.
  function step(event) {
    if (event.seq > cursor) { apply(event); cursor = event.seq; }
    held.delete(event.seq);
  }
  function drain() {
    for (const seq of held.keys()) if (seq <= cursor) held.delete(seq);
    while (held.has(cursor + 1)) step(held.get(cursor + 1));
  }

  function take(event) {
    if (event.epoch !== epoch) return restart();
    if (event.seq <= cursor) return;
    if (event.seq > cursor + 1) {
      if (!held.has(event.seq)) held.set(event.seq, event);
      return sync();
    }
    step(event);
    drain();
  }

  // A page of the log leaves nothing out, whatever its first number is. Returns whether there is more.
  function read(page) {
    if (page.reset || page.epoch !== epoch) { restart(); return false; }
    page.events.forEach(step);
    drain();
    return page.more;
  }

  function refused(answer) {
    if (answer.retry) later((answer.retry_after ?? 1) * 1000);
    else { ended = true; lost(answer); }
  }

  async function fetched() {
    const answer = await fetch(`/api/v1/spaces/${space}/events?since=${cursor}&epoch=${epoch}`);
    const body = await answer.json();
    return { ok: answer.ok, retry: answer.status >= 429, ...body };
  }

  async function sync() {
    if (syncing) { again = true; return; }
    if (ended || restarting || !(socket.connected || doc.dataset.http)) return;
    syncing = true;
    try {
      let more = true;
      while (more && !restarting) {
        again = false;
        const answer = await (socket.connected ? ask("space:sync", { space, since: cursor, epoch }) : fetched());
        if (!answer.ok) { refused(answer); break; }
        more = read(answer) || again;
      }
    } catch { later(1000); } finally { syncing = false; }
  }
  const later = (ms) => setTimeout(sync, ms * (.5 + Math.random()));

  async function restart() {
    if (restarting) return;
    restarting = true;
    try { ({ epoch, cursor } = await reset()); held.clear(); } catch { later(5000); }
    restarting = false;
  }

  onLive(async () => {
    delete doc.dataset.http;
    clearTimeout(timer);
    wait = POLL;
    try {
      const answer = await ask("space:open", { spaces: { [space]: cursor } });
      if (!answer.ok) refused(answer);
      else if (read(answer.spaces[space])) sync();
    } catch { later(1000); }
  });
  socket.on("space:event", (event) => { if (event.space === space) take(event); });
  socket.on("space:heads", (heads) => { if (space in heads && heads[space] !== cursor) sync(); });
  socket.on("space:reset", (told) => { if (told.space === space && told.epoch !== epoch) restart(); });
  for (const name of ["focus", "online"]) addEventListener(name, sync);

  // Where no socket gets through, plain requests carry the same pages.
  function poll() {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (socket.connected || ended) return;
      try {
        const answer = await fetched();
        doc.dataset.http = "on";
        if (answer.ok) { wait = POLL; http(); if (read(answer)) wait = 0; } else refused(answer);
      } catch { delete doc.dataset.http; wait = Math.min(SLOWEST, Math.max(POLL, wait) * 2); }
      poll();
    }, wait);
  }
  socket.on("disconnect", poll);
  socket.on("connect_error", () => { if (!doc.dataset.http) poll(); });
  addEventListener("pagehide", () => clearTimeout(timer));
}
