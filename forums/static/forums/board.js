// A board that is open says when threads were begun; it never moves by itself.
import { announce } from "../academy/app.js";
import { follow } from "./delivery.js";

const board = document.querySelector("[data-board]"), bar = document.querySelector("[data-fresh]");
const [one, many] = JSON.parse(bar.dataset.words);
const seen = new Set();

follow({
  space: board.dataset.board, epoch: board.dataset.epoch, cursor: Number(board.dataset.seq),
  apply({ payload }) {
    seen.add(payload.thread);
    bar.firstElementChild.textContent = seen.size === 1 ? one.replace("{title}", payload.title) : many.replace("{n}", seen.size);
    bar.hidden = false;
    announce(bar.textContent);
  },
  http() {},
  lost() {},
});
