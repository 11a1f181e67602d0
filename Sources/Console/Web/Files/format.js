// Times and numbers in the viewer's language and zone.

import { h } from "./dom.js";

const language = navigator.languages?.length ? [...navigator.languages] : undefined;
const formats = new Map();

function dates(options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, options));
  return formats.get(key);
}

export const format = (date, options) => dates(options).format(date);

const integers = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const decimals = new Intl.NumberFormat(language, { maximumSignificantDigits: 5 });
const compacts = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "short" });

export const integer = (value) => (isNumber(value) ? integers.format(value) : "–");
export const decimal = (value) => (isNumber(value) ? decimals.format(value) : "–");
export const compact = (value) => (isNumber(value) ? compacts.format(value) : "–");
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A number with its unit, which a thin space keeps beside it. */
export const quantity = (value, unit) => decimal(value) + (unit ? `\u202F${unit}` : "");
/** Rounded down: only what is whole is 100 %. */
export const percent = (value) => (isNumber(value) ? `${decimals.format(Math.floor(value * 10) / 10)}\u202F%` : "–");

/** `one` or `many`, after the number. */
export const count = (value, one, many) => `${integer(value)} ${value === 1 ? one : many}`;

/** How long: “4 s”, “3 min”, “2 h 5 min”, “6 days”. */
export function span(seconds) {
  if (!isNumber(seconds)) return "–";
  if (seconds < 1) return `${integers.format(Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) {
    const minutes = Math.round(seconds / 60);
    return `${Math.floor(minutes / 60)} h` + (minutes % 60 ? ` ${minutes % 60} min` : "");
  }
  return `${Math.round(seconds / 86400)} days`;
}

export const milliseconds = (value) => (isNumber(value) ? span(value / 1000) : "–");

export const parse = (text) => {
  const date = typeof text === "string" ? new Date(text) : text;
  return date instanceof Date && !Number.isNaN(date.getTime()) ? date : null;
};

/** “5 min ago”, “in 3 days”. */
export function ago(date, now = Date.now()) {
  const seconds = (date.getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  if (size < 60) return relative.format(Math.round(seconds), "second");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 129600) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 86400 * 60) return relative.format(Math.round(seconds / 86400), "day");
  return relative.format(Math.round(seconds / 2629800), "month");
}

/** Day and minute; the day is left out today, the year in this one. */
export function moment(date, { seconds = false } = {}) {
  const now = new Date();
  const time = { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) };
  if (date.toDateString() === now.toDateString()) return format(date, time);
  const day = { day: "numeric", month: "short", ...(date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) };
  return format(date, { ...day, ...time });
}

/** 2026-03-01 12:00:00 UTC. */
export const utc = (date) => `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** A <time> with UTC in its title. Styles: "moment", "seconds", "ago", "both". */
export function time(text, style = "moment") {
  const date = parse(text);
  if (!date) return h("span", { class: "muted" }, "–");
  const words = {
    moment: () => moment(date), seconds: () => moment(date, { seconds: true }), ago: () => ago(date),
    both: () => `${moment(date)} (${ago(date)})`,
  }[style]();
  const element = h("time", { datetime: date.toISOString(), title: utc(date) }, words);
  if (style === "ago") element.dataset.ago = "";
  return element;
}

/** Brings the relative times on the page up to date. */
export function refreshTimes() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const date = parse(element.dateTime);
    if (date) element.textContent = ago(date);
  }
}

const words = {
  auth_failed: "sign-in refused", bridge_stopped: "bridge stopped", bridge_lost: "bridge crashed", undelivered: "not delivered",
  require_approval: "asks for approval", block: "blocks", warn: "warns", pending_approval: "awaits approval",
};

/** A word of a closed set as a person reads it: PENDING_APPROVAL → “awaits approval”. */
export function word(text) {
  if (text === null || text === undefined) return "–";
  const lower = String(text).toLowerCase();
  return words[lower] ?? lower.replaceAll("_", " ");
}

/** With a capital at its beginning. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
