// Search by meaning.

import * as api from "./api.js";
import { h } from "./dom.js";
import { count, format, parse } from "./format.js";
import { houses } from "./houses.js";
import { block, empty, field, houseChoice } from "./parts.js";
import { remember } from "./router.js";
import { resultList } from "./results.js";

const examples = ["When was the front door opened last night?", "Lights that were switched on after midnight", "The washing machine finished",
  "Sensors that became unavailable"];

export default function search({ body, query, signal }) {
  const question = h("input", { type: "search", name: "q", value: query.get("q") ?? "", maxlength: 500, required: true, autocomplete: "off",
    enterkeyhint: "search", placeholder: "What do you want to know?" });
  const filter = { connection: query.get("connection") ?? "" };
  const house = h("div");
  const found = h("div", { "aria-live": "polite" });
  const form = h("form", { class: "search-form", role: "search" }, h("div", { class: "search-line" }, field("Question", question),
    h("button", { class: "button primary", type: "submit" }, "Search")), house);
  body.append(form, found);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  block(house, signal, houses, (connections) => houseChoice(connections, filter.connection, (id) => {
    filter.connection = id;
    run();
  }), { lines: 1 });

  function run() {
    const q = question.value.trim();
    remember({ q, connection: filter.connection });
    if (q === "") return begin();
    return block(found, signal, () => api.get("search", { q, connection: filter.connection, limit: 30 }, { signal }), answer, { lines: 8 });
  }

  function begin() {
    found.replaceChildren(h("div", { class: "empty" }, h("p", { class: "empty-title" }, "Ask in your own words."),
      h("p", {}, "What was stored is found by what it means, on this machine. Times such as “yesterday” or “last week” are understood."),
      h("ul", { class: "chips" }, examples.map((text) => {
        const chip = h("button", { class: "chip", type: "button" }, text);
        chip.addEventListener("click", () => {
          question.value = text;
          run();
        });
        return h("li", {}, chip);
      }))));
  }
  run();
}

function answer(found) {
  const results = found.items;
  const remarks = [];
  const period = span(found);
  if (period) remarks.push(`Searched ${period}${found.period_is_from_question ? ", as the question says" : ""}.`);
  if (typeof found.is_weekend === "boolean") remarks.push(`Searched ${found.is_weekend ? "Saturdays and Sundays" : "Mondays to Fridays"} only.`);
  if (found.pending_events > 0) {
    remarks.push(`${count(found.pending_events, "event waits for its vector and was", "events wait for their vectors and were")} not searched.`);
  }
  const notes = remarks.length ? h("div", { class: "remarks" }, remarks.map((text) => h("p", {}, text))) : null;
  if (results.length === 0) {
    return [empty("Nothing was found.", "Try other words, a longer time, or every house."), notes];
  }
  return [h("p", { class: "muted" }, `${count(results.length, "result", "results")}, the nearest first.`), notes, resultList(results)];
}

function span(found) {
  const say = (text) => format(parse(text), { dateStyle: "medium", timeStyle: "short" });
  const since = parse(found.since) ? say(found.since) : null;
  const until = parse(found.until) ? say(found.until) : null;
  if (since && until) return `from ${since} to ${until}`;
  if (since) return `from ${since} on`;
  return until ? `before ${until}` : null;
}
