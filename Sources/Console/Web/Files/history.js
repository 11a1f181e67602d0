// Reads an entity's history as the API gives it, for the plot and the table.

import { isNumber, quantity } from "./format.js";

export const ranges = [
  ["1h", "1 hour", 3600e3], ["6h", "6 hours", 6 * 3600e3], ["1d", "1 day", 86400e3], ["1w", "1 week", 7 * 86400e3],
  ["1m", "1 month", 30 * 86400e3], ["1y", "1 year", 365 * 86400e3],
];

const widths = { "5m": 300e3, "1h": 3600e3, "1d": 86400e3 };

/** A state with its unit, where it is a value. */
export function stateText(state, unit) {
  if (state === null || state === undefined) return "–";
  const number = state === "" ? NaN : Number(state);
  return unit && Number.isFinite(number) ? quantity(number, unit) : String(state);
}

/**
 * {kind, unit, since, until, resolution, isRolledUp, points}, times in milliseconds. Points of numbers have {at, until, value,
 * low, high, count}, those of states {at, until, state}. Each holds until the next; the last until the end of the period.
 */
export function readHistory(answer, since, until) {
  const kind = answer.kind === "number" ? "number" : "state";
  const width = widths[answer.resolution] ?? null;
  const points = (answer.points ?? []).map((point) => (kind === "number" ? numberPoint(point) : statePoint(point)))
    .filter((point) => Number.isFinite(point.at)).sort((a, b) => a.at - b.at);
  points.forEach((point, index) => {
    const next = points[index + 1]?.at ?? Math.min(until, Date.now());
    const end = Number.isFinite(point.until) ? point.until : kind === "number" && width ? Math.min(point.at + width, next) : next;
    point.until = Math.max(point.at, Math.min(end, until));
    // What held before the period began is drawn from its beginning.
    point.began = point.at;
    point.at = Math.max(point.at, since);
  });
  return {
    kind, unit: answer.unit ?? null, resolution: answer.resolution ?? "raw", isRolledUp: kind === "number" && width !== null,
    since, until, points: kind === "number" ? points : merged(points),
  };
}

const at = (point) => Date.parse(point.time ?? point.timestamp ?? point.start ?? point.bucket ?? point.since ?? point.from);
const end = (point) => Date.parse(point.until ?? point.end ?? point.to ?? "");

function numberPoint(point) {
  const value = [point.value, point.mean, point.average, point.avg].find(isNumber) ?? null;
  return {
    at: at(point), until: end(point), value, low: [point.min, point.low].find(isNumber) ?? null,
    high: [point.max, point.high].find(isNumber) ?? null, count: point.count ?? null, state: point.state ?? null,
  };
}

const statePoint = (point) => ({ at: at(point), until: end(point), state: String(point.state ?? point.value ?? "unknown"), count: point.count ?? null });

/** Neighbours of one state become one segment. */
function merged(points) {
  const result = [];
  for (const point of points) {
    const last = result.at(-1);
    if (last && last.state === point.state && point.at <= last.until + 1) last.until = point.until;
    else if (point.until > point.at || point === points.at(-1)) result.push(point);
  }
  return result;
}

/** In words, how the points came about. */
export function resolutionText(history) {
  return {
    raw: "Every value as it was stored.", "5m": "Averages of 5 minutes, with the least and the most as a band.",
    "1h": "Averages of an hour, with the least and the most as a band.", "1d": "Averages of a day, with the least and the most as a band.",
  }[history.resolution] ?? "";
}
