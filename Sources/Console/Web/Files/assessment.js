// An assessment of risk as a person reads it. Members that this page does not know are shown as they are.

import { h } from "./dom.js";
import { decimal, word } from "./format.js";

const known = [["reasons", "Why this risk"], ["findings", "Mind"], ["rules", "Rules that spoke"], ["backtest", "On the stored events"], ["facts", "What it touches"]];

/** Headings and lists. `given`: [{title, lines}] that the API has put into words; else the JSON itself is read. */
export function assessment(raw, given) {
  const sections = Array.isArray(given) ? given : read(raw);
  return sections.map((one) => [h("h3", {}, one.title), h("ul", { class: "lines" }, one.lines.map((line) => h("li", {}, line.replace(/^- /, ""))))]);
}

function read(raw) {
  if (!raw || typeof raw !== "object" || Array.isArray(raw)) return [];
  const sections = known.map(([name, title]) => ({ title, lines: lines(raw[name]) }));
  const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => !known.some(([one]) => one === name)));
  sections.push({ title: "More", lines: lines(rest) });
  return sections.filter((one) => one.lines.length > 0);
}

function lines(value) {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map(text);
  if (typeof value === "object") {
    return Object.entries(value).map(([name, one]) => [word(name), text(one)]).filter(([, one]) => one !== "")
      .map(([name, one]) => `${name}: ${one}`);
  }
  return [text(value)];
}

/** A value on one line; the sentence of an object that has one. */
function text(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return decimal(Math.round(value * 100) / 100);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(text).filter(Boolean).join(", ");
  if (typeof value.rule === "string" && typeof value.action === "string") {
    return `${value.rule}: ${word(value.action)}${value.is_certain === false ? " (cannot be ruled out)" : ""}`;
  }
  for (const name of ["text", "sentence", "reason", "message"]) if (typeof value[name] === "string") return value[name];
  return Object.entries(value).map(([name, one]) => `${word(name)} ${text(one)}`).join(", ");
}
