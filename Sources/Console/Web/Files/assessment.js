// An assessment of risk as a person reads it.

import { h } from "./dom.js";

/** `sections`: [{title, lines}], as the API has put them into words. */
export function assessment(sections) {
  return sections.map((one) => [h("h3", {}, one.title),
    h("ul", { class: "lines" }, one.lines.map((line) => h("li", {}, line.replace(/^- /, ""))))]);
}
