// A score from 0 to 100, and its parts in words.

import { h } from "./dom.js";
import { capital, decimal, isNumber } from "./format.js";
import { link } from "./router.js";

/** A bar with its number; a dash where there is no score yet. */
export function scoreMeter(score) {
  if (!isNumber(score)) return h("span", { class: "muted", title: "Fewer than 3 runs" }, "–");
  return h("span", { class: "score" }, h("meter", { min: 0, max: 100, low: 60, high: 75, optimum: 100, value: score, "aria-hidden": "true" }),
    h("span", {}, Math.round(score)));
}

/** The parts as rows with bars: [{part, points, of, why}]. */
export function scoreTable(parts) {
  if (!parts?.length) return null;
  return h("ul", { class: "score-parts" }, parts.map((one) => h("li", {},
    h("span", { class: "score-name" }, capital(one.part)), h("meter", { min: 0, max: one.of, value: one.points, "aria-hidden": "true" }),
    h("span", { class: "score-points" }, `${decimal(one.points)} of ${decimal(one.of)}`), h("span", { class: "muted score-why" }, one.why))));
}

/** The link to an automation, where it is known. */
export const automationLink = (id, name) => (id ? h("a", { href: link("automation", id) }, name ?? id) : name ?? "–");
