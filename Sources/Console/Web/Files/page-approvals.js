// The proposals, those that wait first.

import * as api from "./api.js";
import { h } from "./dom.js";
import { time } from "./format.js";
import { houses } from "./houses.js";
import { badge, block, empty, field, houseChoice, pages, select } from "./parts.js";
import { link, remember } from "./router.js";

const statuses = [["PENDING", "Waiting"], ["APPROVED", "Approved"], ["REJECTED", "Rejected"], ["CANCELLED", "Cancelled"], ["EXPIRED", "Expired"], ["all", "All"]];

export default function approvals({ body, query, signal }) {
  const filter = { connection: query.get("connection") ?? "", status: query.get("status") ?? "PENDING" };
  const bar = h("div", { class: "filters" });
  const list = h("div");
  body.append(bar, list);
  const show = () => {
    remember(filter);
    const status = filter.status === "all" ? "" : filter.status;
    pages(list, signal, (cursor) => api.get("approvals", { connection: filter.connection, status, limit: 30, cursor }, { signal }),
      cards, () => (filter.status === "PENDING"
        ? empty("Nothing waits for a decision.", "Proposals to change an automation appear here, each with its risk and what it would change.")
        : empty("There is no such proposal.", "Choose another state.")));
  };
  block(bar, signal, houses, (connections) => {
    const status = select(statuses, filter.status);
    status.addEventListener("change", () => {
      filter.status = status.value;
      show();
    });
    return [houseChoice(connections, filter.connection, (id) => {
      filter.connection = id;
      show();
    }), field("State", status)];
  }, { lines: 1 });
  show();
}

function cards(items) {
  const element = h("ul", { class: "cards wide" });
  const grow = (more) => element.append(...more.map((one) => h("li", {}, h("div", { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, h("a", { href: link("approval", one.id) }, one.description)), badge(one.status)),
    h("p", { class: "meta" }, riskBadge(one.risk_level), h("span", {}, kindText(one)), h("span", {}, one.connection),
      h("span", {}, "by ", one.created_by ?? "the bridge", ", ", time(one.created_at, "ago")),
      one.expires_at && one.status === "PENDING" ? h("span", {}, "expires ", time(one.expires_at, "ago")) : null)))));
  grow(items);
  return { element, grow };
}

export function riskBadge(level) {
  const tone = { LOW: "good", MEDIUM: "warn", HIGH: "bad", CRITICAL: "bad" }[level] ?? "calm";
  return badge(`${level} risk`, tone);
}

export const kindText = (one) => ({ CREATION: "creates an automation", MODIFICATION: "changes an automation", RETIREMENT: "deletes an automation" }[one.type] ?? one.type);
