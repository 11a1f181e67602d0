// What the bridge suggests, why, and what a person says to it.

import * as api from "./api.js";
import { h } from "./dom.js";
import { integer, percent, time, word } from "./format.js";
import { houses } from "./houses.js";
import { badge, block, button, empty, facts, field, houseChoice, pages, section, select, toast } from "./parts.js";
import { ask, reasonInput } from "./dialog.js";
import { link, remember } from "./router.js";
import { mayGovern } from "./session.js";
import { automationLink } from "./score.js";

export default function decisions(context) {
  if (context.params.id) return one(context);
  const { body, query, signal } = context;
  const filter = { connection: query.get("connection") ?? "", answered: query.get("answered") === "true" };
  const bar = h("div", { class: "filters" });
  const list = h("div");
  body.append(h("p", { class: "lead" }, "Once a day the bridge looks at what you do by hand and at how automations fare, and says "
    + "what could be better. Your answers teach it what not to suggest again."), bar, list);
  const show = () => {
    remember({ connection: filter.connection, answered: filter.answered ? "true" : "" });
    pages(list, signal, (cursor) => api.get("decisions",
      { connection: filter.connection, answered: filter.answered ? null : false, limit: 30, cursor }, { signal }),
    (items) => cards(items, show), () => (filter.answered ? empty("There are no decisions yet.", "The bridge looks once a day.")
      : empty("No suggestion waits for an answer.", "The bridge looks once a day; those that were answered can be shown above.")));
  };
  block(bar, signal, houses, (connections) => {
    const choice = select([["", "Waiting"], ["true", "All"]], filter.answered ? "true" : "");
    choice.addEventListener("change", () => {
      filter.answered = choice.value === "true";
      show();
    });
    return [houseChoice(connections, filter.connection, (id) => {
      filter.connection = id;
      show();
    }), field("Show", choice)];
  }, { lines: 1 });
  show();
}

function cards(items, again) {
  const element = h("ul", { class: "cards wide" });
  const grow = (more) => element.append(...more.map((decision) => h("li", {}, h("div", { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, h("a", { href: link("decision", decision.id) }, decision.description)),
      decision.feedback === "PENDING" ? null : badge(decision.feedback)),
    decision.reason ? h("p", {}, decision.reason) : null,
    h("p", { class: "meta" }, badge(decision.type, "calm"), h("span", {}, `${percent(decision.confidence)} sure`),
      decision.connection ? h("span", {}, decision.connection) : null, h("span", {}, time(decision.created_at, "ago"))),
    answers(decision, again)))));
  grow(items);
  return { element, grow };
}

/** Buttons for an answer. */
function answers(decision, again) {
  if (decision.feedback !== "PENDING" || !mayGovern()) return null;
  const answer = async (feedback, title, text) => {
    const done = await ask({
      title, text, submit: "Send", fields: [{ name: "comment", label: "Comment", input: reasonInput({ required: null }), hint: "May be left empty." }],
      send: ({ comment }) => api.post(`decisions/${api.part(decision.id)}/feedback`, { feedback, comment: comment || null }),
    });
    if (!done) return;
    toast("Thank you; it is noted.");
    again();
  };
  return h("div", { class: "actions", role: "group", "aria-label": "Your answer" },
    button("Good idea …", () => answer("APPROVED", "A good idea?", "It is noted. Nothing is changed in Home Assistant by this answer."), { kind: "primary small" }),
    button("Not like this …", () => answer("MODIFIED", "Good, but not like this?", "Say what should be different."), { kind: "small" }),
    button("No …", () => answer("REJECTED", "No?", "It is not suggested again."), { kind: "small" }));
}

function one({ body, params, signal, setTitle }) {
  const element = h("div", { class: "stack" });
  body.append(element);
  const again = block(element, signal, () => api.get(`decisions/${api.part(params.id)}`, {}, { signal }), (found) => {
    setTitle(found.description);
    const output = { ...(found.output ?? {}) };
    const configuration = output.configuration;
    delete output.configuration;
    delete output.covers;
    return [
      h("div", { class: "now" }, badge(found.type, "calm"), badge(found.feedback), h("span", {}, `${percent(found.confidence)} sure`)),
      found.reason ? h("p", { class: "lead" }, found.reason) : null,
      answers(found, () => again()),
      h("div", { class: "card" }, facts([
        ["House", found.connection], ["Automation", found.automation ? automationLink(found.automation_id, found.automation) : null],
        ["Made", time(found.created_at, "both")], ["Analysis", found.model_version],
        ["Answered", found.feedback_at ? time(found.feedback_at, "both") : null], ["By", found.feedback_by], ["Comment", found.feedback_comment],
      ])),
      figures("Figures", output), figures("From", found.input ?? {}),
      configuration ? section("Proposed automation", h("pre", { class: "code", tabindex: "0" }, JSON.stringify(configuration, null, 2))) : null,
    ];
  }, { lines: 8 });
}

function figures(title, members) {
  const rows = Object.entries(members).map(([name, value]) => [word(name), typeof value === "number" ? integer(value) === String(value) ? integer(value) : String(value)
    : typeof value === "string" ? value : value === null ? null : JSON.stringify(value)]);
  return rows.length ? section(title, facts(rows)) : null;
}
