// Rows of bars over time: how much came from each house, with gaps hatched, and the runs of an automation.

import { drawAtWidth, h, newID, put, s } from "./dom.js";
import { tickMarks, timeTicks } from "./axis.js";
import { integer, moment } from "./format.js";
import { gapShapes, hatch } from "./marks.js";

const ROW = 56, SPACE = 26, FOOT = 26;

/**
 * Draws rows [{name, bars: [{at, until, count}], gaps}] from `since` to `until` (milliseconds) into `element`.
 */
export function activity(element, rows, { since, until, signal }) {
  const frame = h("div", { class: "plot" });
  put(element, frame);
  drawAtWidth(frame, (width) => drawing(rows, since, until, width), signal);
}

function drawing(rows, since, until, width) {
  const height = rows.length * (ROW + SPACE) + FOOT;
  const x = (at) => ((at - since) / (until - since)) * width;
  const pattern = newID("hatch");
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "plot-svg", role: "img", "aria-label": summary(rows) },
    s("defs", {}, hatch(pattern)));
  const ticks = timeTicks(since, until, Math.max(2, Math.floor(width / 76)));
  svg.append(tickMarks(ticks, { x, left: 0, right: width, top: 0, bottom: height - FOOT, base: height - 8 }));
  rows.forEach((row, index) => {
    const top = index * (ROW + SPACE) + SPACE;
    const most = Math.max(1, ...row.bars.map((bar) => bar.count));
    svg.append(
      s("text", { x: 0, y: top - 8, class: "row-name" }, row.name),
      s("text", { x: width, y: top - 8, "text-anchor": "end", class: "row-note" },
        `${integer(row.bars.reduce((sum, bar) => sum + bar.count, 0))} events`),
      gapShapes(row.gaps, { since, until, x, top, height: ROW, pattern }),
      s("g", { class: "bars" }, row.bars.filter((bar) => bar.count > 0).map((bar) => {
        const size = Math.max(1.5, (bar.count / most) * ROW);
        const left = x(Math.max(since, bar.at));
        const gone = x(Math.min(until, bar.until));
        return s("rect", { x: left.toFixed(1), y: (top + ROW - size).toFixed(1), width: Math.max(1, gone - left - 1).toFixed(1), height: size.toFixed(1), rx: 1 },
          s("title", {}, `${moment(new Date(bar.at))}: ${integer(bar.count)} events`));
      })),
      s("line", { x1: 0, x2: width, y1: top + ROW, y2: top + ROW, class: "base" }));
  });
  return svg;
}

function summary(rows) {
  return rows.map((row) => {
    const sum = row.bars.reduce((total, bar) => total + bar.count, 0);
    const gaps = row.gaps.length === 0 ? "no gap" : row.gaps.length === 1 ? "1 gap" : `${row.gaps.length} gaps`;
    return `${row.name}: ${integer(sum)} events, ${gaps}`;
  }).join(". ");
}

/** Draws runs [{at, tone, text}] as dots on a line. */
export function runLine(element, runs, { since, until, signal }) {
  const frame = h("div", { class: "plot" });
  put(element, frame);
  drawAtWidth(frame, (width) => {
    const x = (at) => 8 + ((at - since) / (until - since)) * (width - 16);
    const ticks = timeTicks(since, until, Math.max(2, Math.floor(width / 84)));
    return s("svg", {
      viewBox: `0 0 ${width} 74`, width, height: 74, class: "plot-svg", role: "img", "aria-label": `${runs.length} runs; the table below names them.`,
    }, tickMarks(ticks, { x, left: 0, right: width, top: 4, bottom: 48, base: 66 }), s("line", { x1: 0, x2: width, y1: 26, y2: 26, class: "base" }),
    s("g", {}, runs.map((run) => (run.tone === "bad"
      ? s("path", { class: "run bad", d: `M${x(run.at) - 5} 21l10 10m0-10l-10 10` }, s("title", {}, run.text))
      : s("circle", { class: `run ${run.tone}`, cx: x(run.at).toFixed(1), cy: 26, r: 5 }, s("title", {}, run.text))))));
  }, signal);
}
