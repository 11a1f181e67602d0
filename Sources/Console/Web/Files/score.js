// A score from 0 to 100, and its parts in words.

import { h } from "./dom.js";
import { decimal, isNumber, milliseconds, span, time } from "./format.js";
import { link } from "./router.js";

/** A bar with its number; a dash where there is no score yet. */
export function scoreMeter(score) {
  if (!isNumber(score)) return h("span", { class: "muted", title: "Fewer than 3 runs" }, "–");
  return h("span", { class: "score" }, h("meter", { min: 0, max: 100, low: 60, high: 75, optimum: 100, value: score, "aria-hidden": "true" }),
    h("span", {}, Math.round(score)));
}

const plural = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/** The parts of a breakdown: [{name, points, of, why}]. */
export function scoreParts(breakdown) {
  const { reliability, acceptance, speed, vitality } = breakdown;
  if (!reliability || !acceptance || !speed || !vitality) return [];
  return [
    { name: "Reliability", ...reliability, why: `${plural(reliability.successes, "success", "successes")} and `
      + `${plural(reliability.failures, "failure", "failures")} in ${breakdown.days} days; newer ones weigh more` },
    { name: "Acceptance", ...acceptance, why: acceptance.checked > 0
      ? `${acceptance.undone} of ${plural(acceptance.checked, "successful run", "successful runs")} undone by hand`
      : "no successful run of which it is known whether it was undone" },
    { name: "Speed", ...speed, why: isNumber(speed.present_median_ms) && isNumber(speed.earlier_median_ms)
      ? `${milliseconds(speed.present_median_ms)} in the last 7 days, ${milliseconds(speed.earlier_median_ms)} before (medians)`
      : "too few successful runs to compare this week's with those before" },
    { name: "Vitality", ...vitality, why: vitalityText(vitality) },
  ];
}

function vitalityText(vitality) {
  const fixed = {
    unavailable: "Home Assistant reports it unavailable", entities_missing: "it names entities that do not exist",
    entitiesMissing: "it names entities that do not exist", paused: "switched off: it is not expected to run",
  }[vitality.finding];
  if (fixed) return fixed;
  const usual = isNumber(vitality.usual_interval_s) ? `, usually within ${span(Math.max(86400, vitality.usual_interval_s))}` : "";
  return h("span", {}, "last run ", time(vitality.last_execution_time, "ago"), usual);
}

/** The parts as rows with bars. `given` are those that the API has put into words. */
export function scoreTable(breakdown, given) {
  const parts = given?.length ? given : scoreParts(breakdown ?? {});
  return h("ul", { class: "score-parts" }, parts.map((one) => h("li", {},
    h("span", { class: "score-name" }, capital(one.name ?? one.part)),
    h("meter", { min: 0, max: one.of, value: one.points, "aria-hidden": "true" }),
    h("span", { class: "score-points" }, `${decimal(one.points)} of ${decimal(one.of)}`),
    h("span", { class: "muted score-why" }, one.why ?? one.text))));
}

const capital = (text) => String(text).charAt(0).toUpperCase() + String(text).slice(1);

/** The link to an automation, where it is known. */
export const automationLink = (id, name) => (id ? h("a", { href: link("automation", id) }, name ?? id) : name ?? "–");
