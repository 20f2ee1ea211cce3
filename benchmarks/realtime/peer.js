// The server that ours is measured against: Node's socket.io. It says where it listens as ours does, knows the same two
// events, and sends to a room what a post looks like there. Nobody signs in, nothing is checked and nothing is stored.
"use strict";

const http = require("node:http");
const { Server } = require("socket.io");

const server = http.createServer((_request, response) => response.end());
const io = new Server(server, { transports: ["websocket"], serveClient: false });
let number = 0;

io.on("connection", (socket) => {
  socket.on("space:open", (data, answer) => {
    const spaces = {};
    for (const space of Object.keys(data.spaces)) {
      socket.join(space);
      spaces[space] = { epoch: "0123456789ab", head: number, events: [], more: false };
    }
    answer({ ok: true, spaces });
  });
  socket.on("post:send", (data, answer) => {
    number += 1;
    const id = "a".repeat(18) + String(number).padStart(8, "2");
    const at = new Date().toISOString();
    io.to(data.space).emit("space:event", {
      space: data.space,
      epoch: "0123456789ab",
      seq: number,
      kind: "post",
      at,
      actor: "b".repeat(26),
      payload: {
        id,
        no: number,
        author: { id: "b".repeat(26), name: "Ada Lovelace", initials: "AL", hue: 3, role: "" },
        html: `<p>${data.body}</p>\n`,
        reply_to: null,
        at,
        edited: false,
        removed: false,
        by_author: false,
        reactions: [],
      },
    });
    answer({ ok: true, nonce: data.nonce, id, seq: number, no: number, duplicate: false });
  });
});

server.listen(0, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${server.address().port}`));
