// What a search found.

import { h } from "./dom.js";
import { count, decimal, time } from "./format.js";
import { link } from "./router.js";

/** Results as a list: the sentence, when, where, how near, and how often. */
export function resultList(results) {
  return h("ol", { class: "results" }, results.map((result) => h("li", { class: "result" },
    h("p", { class: "result-text" }, result.entity_id
      ? h("a", { href: link("entity", result.connection_id, result.entity_id) }, result.text) : result.text),
    h("p", { class: "result-meta" }, [
      time(result.timestamp, "both"), result.area, result.entity_id ? h("code", {}, result.entity_id) : result.event_type, result.connection,
    ].filter(Boolean).map((part) => h("span", {}, part))),
    h("p", { class: "result-meta" }, h("span", { class: "near" }, nearness(result.score)),
      result.occurrences > 1 ? times(result) : null,
      h("a", { href: link("event", result.event_id) }, "Details")))));
}

function nearness(score) {
  const meter = h("meter", { min: 0, max: 1, value: Math.max(0, Math.min(1, score ?? 0)) });
  meter.setAttribute("aria-label", "How near in meaning");
  return [meter, h("span", {}, `${decimal(Math.round((score ?? 0) * 100) / 100)} of 1 alike`)];
}

function times(result) {
  const others = result.other_times ?? [];
  const text = `${count(result.occurrences, "time", "times")} in the period`;
  if (others.length === 0) return h("span", {}, text);
  return h("details", {}, h("summary", {}, text), h("ul", {}, others.map((one) => h("li", {}, time(one, "both")))));
}
