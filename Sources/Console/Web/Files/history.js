// Reads an entity's history as the API gives it, for the plot and the table.

import { isNumber, quantity } from "./format.js";

export const ranges = [
  ["1h", "Hour", 3600e3], ["6h", "6 h", 6 * 3600e3], ["1d", "Day", 86400e3], ["1w", "Week", 7 * 86400e3], ["1m", "Month", 30 * 86400e3],
  ["1y", "Year", 365 * 86400e3],
];

/** A state with its unit, where it is a value. */
export function stateText(state, unit) {
  if (state === null || state === undefined) return "–";
  const number = state === "" ? NaN : Number(state);
  return unit && Number.isFinite(number) ? quantity(number, unit) : String(state);
}

/**
 * {kind, unit, since, until, resolution, isRolledUp, points}, times in milliseconds. Points of numbers have {at, until, value,
 * low, high}, those of states {at, until, state}. Each holds until the next one, the last until now or the end of the period.
 */
export function readHistory(answer, since, until) {
  const isRolledUp = answer.kind === "number" && answer.bucket_seconds !== null;
  const end = Math.min(until, Date.now());
  const points = answer.kind === "state" ? answer.points.map(segment) : isRolledUp
    ? held(answer.points, answer.bucket_seconds * 1000, end) : samples(answer.points, end);
  return {
    kind: answer.kind, unit: answer.unit, resolution: answer.resolution, isRolledUp, since, until,
    points: answer.kind === "state" ? merged(points) : points,
  };
}

const segment = (point) => ({ at: Date.parse(point.from), until: Date.parse(point.to), state: point.state });
const number = (value) => (isNumber(value) ? value : null);

function samples(points, end) {
  const times = points.map((point) => Date.parse(point.at));
  return points.map((point, index) => ({ at: times[index], until: times[index + 1] ?? end, value: number(point.value), low: null, high: null }));
}

/** Of each bucket its mean and range, and after it the last value until something changed. */
function held(points, width, end) {
  return points.flatMap((point, index) => {
    const at = Date.parse(point.at);
    const next = index + 1 < points.length ? Date.parse(points[index + 1].at) : end;
    const bucket = { at, until: Math.min(at + width, next), value: number(point.mean), low: number(point.min), high: number(point.max) };
    const last = number(point.last);
    if (next <= bucket.until + width / 2 || last === null) return [{ ...bucket, until: Math.min(next, bucket.until + width / 2) }];
    return [bucket, { at: bucket.until, until: next, value: last, low: last, high: last }];
  });
}

/** Neighbours of one state become one segment. */
function merged(points) {
  const result = [];
  for (const point of points) {
    const last = result.at(-1);
    if (last && last.state === point.state && point.at <= last.until + 1) last.until = point.until;
    else result.push(point);
  }
  return result;
}

/** In words, how the points came about. */
export function resolutionText(history) {
  const tier = { "5m": "5 minutes", "1h": "an hour", "1d": "a day" }[history.resolution];
  if (!tier) return "Every value as it was stored.";
  return history.kind === "state" ? `The state that held longest, from roll-ups of ${tier}.`
    : `Averages from roll-ups of ${tier}, with the least and the most as a band.`;
}
