// Where the ticks of a plot stand, and what is written at them.

import { s } from "./dom.js";
import { format } from "./format.js";

const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;

/** Round numbers from `low` to `high`, about `count` of them. */
export function valueTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    // Multiplying leaves less dust behind the point than adding.
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

/** A range around the values with a little air, which is never empty. */
export function valueRange(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low === high) {
    const air = Math.abs(low) > 0 ? Math.abs(low) * 0.05 : 1;
    return [low - air, high + air];
  }
  const air = (high - low) * 0.08;
  return [low >= 0 && low - air < 0 ? 0 : low - air, high + air];
}

const steps = [
  [MINUTE, "time"], [2 * MINUTE, "time"], [5 * MINUTE, "time"], [10 * MINUTE, "time"], [15 * MINUTE, "time"],
  [30 * MINUTE, "time"], [HOUR, "time"], [2 * HOUR, "time"], [3 * HOUR, "time"], [6 * HOUR, "time"], [12 * HOUR, "time"],
  [DAY, "day"], [2 * DAY, "day"], [7 * DAY, "day"], [14 * DAY, "day"], [30 * DAY, "month"], [91 * DAY, "month"],
  [182 * DAY, "month"], [365 * DAY, "month"],
];

/** Moments at round local times, at most `count`: {at, text, isDay}. */
export function timeTicks(since, until, count) {
  const span = until - since;
  const [step, kind] = steps.find(([size]) => span / size <= count) ?? steps.at(-1);
  const ticks = [];
  for (let at = first(since, step, kind); at <= until && ticks.length < 100; at = following(at, step, kind)) {
    if (at >= since) ticks.push({ at, ...text(at, kind) });
  }
  return ticks;
}

/** The last round local time at or before `since`. Local, so that days begin at midnight also where the clock was changed. */
function first(since, step, kind) {
  const date = new Date(since);
  if (kind === "month") return new Date(date.getFullYear(), date.getMonth(), 1).getTime();
  const midnight = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  if (kind === "day") return midnight;
  return midnight + Math.floor((since - midnight) / step) * step;
}

function following(at, step, kind) {
  const date = new Date(at);
  if (kind === "month") {
    return new Date(date.getFullYear(), date.getMonth() + Math.max(1, Math.round(step / (30.4 * DAY))), 1).getTime();
  }
  if (kind === "day") return new Date(date.getFullYear(), date.getMonth(), date.getDate() + step / DAY).getTime();
  const next = new Date(at + step);
  // A step over midnight lands on it.
  const midnight = new Date(next.getFullYear(), next.getMonth(), next.getDate()).getTime();
  return midnight > at && midnight < next.getTime() ? midnight : next.getTime();
}

/** Lines and words of the ticks; a word that would not fit in is left out. */
export function tickMarks(ticks, { x, left, right, top, bottom, base }) {
  return s("g", { class: "axis" }, ticks.map((tick) => {
    const at = x(tick.at);
    const room = tick.text.length * 3.4;
    return [
      s("line", { x1: at, x2: at, y1: top, y2: bottom, class: "grid" }),
      at - room < left || at + room > right ? null
        : s("text", { x: at, y: base, "text-anchor": "middle", class: tick.isDay ? "day" : null }, tick.text),
    ];
  }));
}

function text(at, kind) {
  const date = new Date(at);
  if (kind === "month") {
    return { text: format(date, { month: "short", ...(date.getMonth() === 0 ? { year: "2-digit" } : {}) }), isDay: false };
  }
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  if (kind === "day" || isMidnight) return { text: format(date, { day: "numeric", month: "short" }), isDay: true };
  return { text: format(date, { hour: "2-digit", minute: "2-digit" }), isDay: false };
}
