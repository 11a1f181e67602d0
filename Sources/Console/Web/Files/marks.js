// What the drawings have in common: hatching for gaps, and colours for states.

import { s } from "./dom.js";
import { moment, span } from "./format.js";

/** Diagonal lines, for what could not be seen. */
export function hatch(id) {
  return s("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    s("rect", { width: 7, height: 7, class: "hatch-ground" }), s("line", { x1: 0, x2: 0, y1: 0, y2: 7, class: "hatch-line" }));
}

/** The gaps that touch the period, hatched, each with its title. */
export function gapShapes(gaps, { since, until, x, top, height, pattern }) {
  return s("g", { class: "gaps" }, gaps.filter((gap) => (gap.to ?? until) > since && gap.from < until).map((gap) => {
    const left = x(Math.max(since, gap.from));
    const width = Math.max(2, x(Math.min(until, gap.to ?? until)) - left);
    return s("rect", { x: left, y: top, width, height, fill: `url(#${pattern})`, class: "gap" }, s("title", {}, gap.text));
  }));
}

const causes = {
  disconnected: "Home Assistant could not be reached", overflow: "Home Assistant sent more than could be taken",
  undelivered: "events that arrived could not be kept", paused: "the connection was paused", bridge_stopped: "the bridge was stopped",
  bridge_lost: "the bridge ended without notice",
};
const ends = {
  open: "still open", backfilled: "filled from Home Assistant's history",
  partial: "filled in part", unrecoverable: "cannot be filled",
};

/** A gap of the ledger as a sentence. */
export function gapSentence(gap) {
  const from = new Date(gap.started_at);
  const to = gap.ended_at ? new Date(gap.ended_at) : null;
  const when = to ? `${moment(from)} to ${moment(to)}, ${span((to - from) / 1000)}` : `since ${moment(from)}`;
  const added = gap.rows_added > 0 ? `, ${gap.rows_added} events added` : "";
  return `${when}: ${causes[gap.cause] ?? gap.cause}; ${ends[gap.status] ?? gap.status}${added}.`;
}

/** What a gap of the ledger is to a drawing. */
export const gapMark = (gap) => ({
  from: Date.parse(gap.started_at), to: gap.ended_at ? Date.parse(gap.ended_at) : null, text: gapSentence(gap),
  connection: gap.connection_id,
});

export const causeText = (gap) => causes[gap.cause] ?? gap.cause;

const fixed = {
  on: "tone-on", home: "tone-on", open: "tone-on", unlocked: "tone-on", playing: "tone-on", true: "tone-on", heat: "tone-3",
  off: "tone-off", not_home: "tone-off", closed: "tone-off", locked: "tone-off", idle: "tone-off", paused: "tone-off",
  unavailable: "tone-none", unknown: "tone-none",
};

/** The class of a state's colour: the same state always has the same one. */
export function stateTone(state) {
  if (Object.hasOwn(fixed, state)) return fixed[state];
  let sum = 7;
  for (const letter of String(state)) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return `tone-${1 + (sum % 6)}`;
}
