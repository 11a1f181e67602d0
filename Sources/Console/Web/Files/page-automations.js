// Every automation and how it fares.

import * as api from "./api.js";
import { h } from "./dom.js";
import { integer, percent, time } from "./format.js";
import { houses } from "./houses.js";
import { badge, block, empty, field, houseChoice, pages, select, table } from "./parts.js";
import { link, remember } from "./router.js";
import { scoreMeter } from "./score.js";

const states = [["", "All that are there"], ["ACTIVE", "Active"], ["DEGRADED", "Degraded"], ["PAUSED", "Paused"], ["UNAVAILABLE", "Unavailable"],
  ["PROPOSED", "Proposed"], ["PENDING_APPROVAL", "Awaiting approval"], ["RETIRED", "Retired"], ["REJECTED", "Rejected"]];

export default function automations({ body, query, signal }) {
  const filter = { connection: query.get("connection") ?? "", state: query.get("state") ?? "" };
  const bar = h("div", { class: "filters" });
  const list = h("div");
  body.append(bar, list);
  const show = (several) => {
    remember(filter);
    pages(list, signal, (cursor) => api.get("automations", { ...filter, limit: 50, cursor }, { signal }),
      (items) => table("Automations", columns(several), items), () => (filter.state
        ? empty("No automation is in this state.", "Choose another one.")
        : empty("No automation is known.", "A running bridge finds those of its connections within seconds.")));
  };
  block(bar, signal, houses, (connections) => {
    const several = connections.length > 1;
    const state = select(states, filter.state);
    state.addEventListener("change", () => {
      filter.state = state.value;
      show(several);
    });
    show(several);
    return [houseChoice(connections, filter.connection, (id) => {
      filter.connection = id;
      show(several);
    }), field("State", state)];
  }, { lines: 1 });
}

const columns = (several) => [
  { title: "Automation", cell: (one) => [h("a", { href: link("automation", one.id) }, one.name),
    one.entity_id ? h("span", { class: "muted block id" }, one.entity_id) : null] },
  { title: "State", cell: (one) => badge(one.lifecycle_state) },
  { title: "Score", cell: (one) => scoreMeter(one.performance_score) },
  { title: "Runs", class: "number", cell: (one) => integer(one.execution_count) },
  { title: "Succeeded", class: "number", cell: (one) => percent(one.success_rate) },
  { title: "Last run", cell: (one) => time(one.last_execution_time, "ago") },
  ...(several ? [{ title: "House", cell: (one) => one.connection }] : []),
  { title: "Lacks", cell: (one) => (one.problems?.length ? h("span", { class: "warn-text", title: one.problems.join("\n") }, one.problems.length) : "–") },
];
