// An entity's history as a drawing: step lines for numbers, a band from least to most for roll-ups, bars for states.

import { drawAtWidth, h, newID, put, s } from "./dom.js";
import { tickMarks, timeTicks, valueRange, valueTicks } from "./axis.js";
import { decimal, moment, quantity, span } from "./format.js";
import { gapShapes, hatch, stateTone } from "./marks.js";

const RIGHT = 8, TOP = 10, BOTTOM = 26;

/**
 * Draws `history` ({kind, unit, since, until, isRolledUp, points}) into `element` and again when its width changes. Points of
 * numbers: {at, value, low, high} with value null where nothing is known; of states: {at, until, state}. `gaps`: {from, to, text}.
 */
export function plot(element, history, gaps, label, signal) {
  const state = { index: history.points.length - 1 };
  const frame = h("div", { class: "plot" });
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  put(element, readout, frame);
  drawAtWidth(frame, (width) => {
    const height = history.kind === "number" ? Math.min(320, Math.max(200, Math.round(width * 0.36))) : 96;
    return drawing({ history, gaps, label, width, height, state, readout });
  }, signal);
}

function drawing(view) {
  const { history, gaps, width, height, label } = view;
  const { since, until } = history;
  // Numbers stand at the left of their axis.
  const left = history.kind === "number" ? 52 : RIGHT;
  const inner = { left, width: width - left - RIGHT, height: height - TOP - BOTTOM };
  const x = (at) => left + ((at - since) / (until - since)) * inner.width;
  const pattern = newID("hatch");
  const svg = s("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, class: "plot-svg", tabindex: "0", role: "slider", "aria-label": label,
    "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": Math.max(0, history.points.length - 1),
  }, s("defs", {}, hatch(pattern)));
  const ticks = timeTicks(since, until, Math.max(2, Math.floor(inner.width / 84)));
  svg.append(tickMarks(ticks, { x, left: 0, right: width, top: TOP, bottom: height - BOTTOM, base: height - 8 }));
  const shapes = gapShapes(gaps, { since, until, x, top: TOP, height: inner.height, pattern });
  // Under the line, but over the bars, which fill all the room.
  if (history.kind === "number") svg.append(shapes);
  const marks = history.kind === "number"
    ? numbers(svg, history, { x, inner, height, width }) : states(svg, history, { x, inner });
  if (history.kind === "state") svg.append(shapes);
  cursor(svg, view, { x, marks, height, left });
  return svg;
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** The line and its band; returns where a point stands from the top. */
function numbers(svg, history, { x, inner, height, width }) {
  const known = history.points.filter((point) => point.value !== null);
  const [low, high] = valueRange(known.flatMap((point) => [point.low ?? point.value, point.high ?? point.value]));
  const y = (value) => TOP + (1 - (value - low) / (high - low)) * inner.height;
  svg.append(s("g", { class: "axis" }, valueTicks(low, high, Math.max(2, Math.floor(inner.height / 44))).map((value) => [
    s("line", { x1: inner.left, x2: width - RIGHT, y1: y(value), y2: y(value), class: "grid" }),
    s("text", { x: inner.left - 8, y: y(value) + 4, "text-anchor": "end" }, decimal(value)),
  ])));
  if (history.isRolledUp) {
    svg.append(s("path", { class: "band", d: runs(history.points, (run) => {
      const up = run.map((point) => step(x, point, y(point.high ?? point.value)));
      const down = run.toReversed().map((point) => back(x, point, y(point.low ?? point.value)));
      return `M${up.join("L")}L${down.join("L")}Z`;
    }) }));
  }
  svg.append(s("path", { class: "line", d: runs(history.points, (run) =>
    `M${run.map((point) => step(x, point, y(point.value))).join("L")}`) }));
  if (known.length <= 60) {
    svg.append(s("g", { class: "dots" }, known.map((point) => s("circle", { cx: round(x(point.at)), cy: round(y(point.value)), r: 2 }))));
  }
  return (point) => (point.value === null ? height - BOTTOM : y(point.value));
}

const round = (value) => Math.round(value * 10) / 10;
/** A value holds from its time until that of the next. */
const step = (x, point, y) => `${round(x(point.at))} ${round(y)}L${round(x(point.until))} ${round(y)}`;
const back = (x, point, y) => `${round(x(point.until))} ${round(y)}L${round(x(point.at))} ${round(y)}`;

/** One path for each stretch without a hole. */
function runs(points, path) {
  const parts = [];
  let run = [];
  for (const point of points) {
    if (point.value === null || (run.length > 0 && point.at > run.at(-1).until + 1)) {
      if (run.length > 0) parts.push(path(run));
      run = [];
    }
    if (point.value !== null) run.push(point);
  }
  if (run.length > 0) parts.push(path(run));
  return parts.join("");
}

/** One bar for each state. */
function states(svg, history, { x, inner }) {
  svg.append(s("g", {}, history.points.map((point) => {
    const left = x(point.at);
    const width = Math.max(1, x(point.until) - left);
    const bar = s("rect", { x: round(left), y: TOP, width: round(width), height: inner.height, class: `bar ${stateTone(point.state)}` });
    if (width < 7 * point.state.length + 12) return bar;
    return [bar, s("text", { x: round(left + 8), y: TOP + inner.height / 2 + 4, class: "bar-text" }, point.state)];
  })));
  return () => TOP;
}

/** The line that follows the pointer and the arrow keys. */
function cursor(svg, { history, state, readout, gaps }, { x, marks, height, left }) {
  const { points, since, until } = history;
  const line = s("line", { class: "cursor", y1: TOP, y2: height - BOTTOM });
  const dot = s("circle", { class: "cursor-dot", r: 4 });
  const group = s("g", { class: "cursor-group" }, line, history.kind === "number" ? dot : null);
  svg.append(group);
  const words = (point) => {
    const gap = gaps.find((one) => one.from <= point.at && point.at < (one.to ?? until));
    const when = moment(new Date(point.at), { seconds: until - since < 4 * 3600e3 });
    const lost = gap ? " – inside a gap" : "";
    if (history.kind === "state") return `${when}: ${point.state}, for ${span((point.until - point.at) / 1000)}${lost}`;
    if (point.value === null) return `${when}: nothing known${lost}`;
    const range = point.low !== null && point.high !== null && point.low !== point.high
      ? ` (from ${decimal(point.low)} to ${decimal(point.high)})` : "";
    return `${when}: ${quantity(point.value, history.unit)}${range}${lost}`;
  };
  const move = (index) => {
    state.index = clamp(index, 0, points.length - 1);
    const point = points[state.index];
    if (!point) return;
    const place = clamp(x(point.at), left, x(until));
    for (const [name, value] of [["x1", place], ["x2", place]]) line.setAttribute(name, round(value));
    dot.setAttribute("cx", round(place));
    dot.setAttribute("cy", round(marks(point)));
    svg.setAttribute("aria-valuenow", state.index);
    svg.setAttribute("aria-valuetext", words(point));
    readout.textContent = words(point);
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = since + ((event.clientX - box.left - left) / (x(until) - left)) * (until - since);
    let index = points.findIndex((point) => point.at > at);
    index = index < 0 ? points.length - 1 : Math.max(0, index - 1);
    move(index);
  });
  svg.addEventListener("keydown", (event) => {
    const leap = Math.max(1, Math.round(points.length / 20));
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -leap, PageUp: leap };
    if (event.key in steps) move(state.index + steps[event.key]);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(points.length - 1);
    else return;
    event.preventDefault();
  });
  move(state.index);
}
