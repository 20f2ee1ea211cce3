// The one live connection of a page. Spaces, the inbox and workshops share it.
import { io } from "../vendor/socket.io.esm.min.js";
import { announce, bump } from "./app.js";

const doc = document.documentElement, region = document.getElementById("say");
const FIRST = 1000, CAP = 30000, QUIET = 2000;

// Whose the page is: the cookie may be somebody else's by the time that a connection comes back.
export const auth = { as: document.getElementById("live").dataset.as };
export const socket = io({ transports: ["websocket"], autoConnect: false, reconnection: false, auth });

/** Send an event and resolve with its ack; rejects when none comes in time, and hangs up: a dead wire does not say so. */
export async function ask(event, payload) {
  const { id } = socket;
  try {
    const ack = await socket.timeout(8000).emitWithAck(event, payload);
    if (!deaf || deaf === event) { tries = 0; deaf = ""; }
    return ack;
  } catch (error) {
    deaf = event;
    if (id && id === socket.id) socket.disconnect();
    throw error;
  }
}

/** Ask who is there: of a page whose sign-in has ended nothing stays, whatever it still holds. */
export function anew() {
  wanted = false;
  delete doc.dataset.http;
  onbeforeunload = null;
  doc.replaceChildren();
  location.reload();
}

let tries = 0, deaf = "", timer, bar, wanted = false, known = false;

function show(live) {
  doc.dataset.live = live ? "on" : "off";
  clearTimeout(bar);
  const set = () => { for (const el of document.querySelectorAll("[data-net]")) el.hidden = live; };
  if (live) set(); else bar = setTimeout(set, QUIET);
}

// Full jitter (Brooker, "Exponential backoff and jitter"); the server may ask for a longer wait to spread a herd.
function later(least = 0) {
  if (!wanted) return;
  clearTimeout(timer);
  const span = Math.min(CAP, FIRST * 2 ** tries++);
  timer = setTimeout(connect, least * 1000 + Math.random() * span);
}

function connect() {
  clearTimeout(timer);
  if (wanted && !socket.connected) socket.connect();
}

// A server that lets everybody in and answers nobody is not asked more often for it: the wait is short again after
// an answer or a beacon, and where some event was not answered, after an answer to that.
socket.on("connect", () => { known = true; show(true); });
socket.on("space:heads", () => { if (!deaf) tries = 0; });
socket.on("disconnect", () => { show(false); later(); });
socket.on("connect_error", (error) => {
  show(false);
  // Signed out while the page was open: it shows nothing any more, and says where to sign in again.
  if (error.data?.retry === false) { wanted = false; if (known) anew(); return; }
  later(error.data?.retry_after);
});
// The inbox is a log of its own, followed from the start; its words are read from the inbox.
socket.on("space:event", (event) => {
  if (event.kind !== "notice") return;
  bump("inbox", 1);
  announce(region.dataset.notice);
});

addEventListener("pageshow", () => { wanted = true; tries = 0; deaf = ""; connect(); });
addEventListener("pagehide", () => { wanted = false; clearTimeout(timer); clearTimeout(bar); socket.disconnect(); });
addEventListener("online", () => { if (wanted && !socket.connected) { tries = 0; later(); } });
