// Every gap of the ledger.

import * as api from "./api.js";
import { h } from "./dom.js";
import { integer, span, time, word } from "./format.js";
import { houses } from "./houses.js";
import { causeText } from "./marks.js";
import { badge, block, empty, houseChoice, pages, table } from "./parts.js";
import { remember } from "./router.js";

export default function gaps({ body, query, signal }) {
  const filter = { connection: query.get("connection") ?? "", open: query.get("open") === "true" };
  const bar = h("div", { class: "filters" });
  const list = h("div");
  body.append(h("p", { class: "lead" }, "A gap is a time in which the bridge could not see a house. What Home Assistant's history "
    + "holds of it is added afterwards; what no history holds is named."), bar, list);
  const show = () => {
    remember({ connection: filter.connection, open: filter.open ? "true" : "" });
    pages(list, signal, (cursor) => api.get("gaps",
      { connection: filter.connection, open: filter.open ? true : null, limit: 50, cursor }, { signal }),
    (items) => table("Gaps", columns, items), () => empty(filter.open ? "No gap is open." : "There are no gaps.",
      "The bridge saw everything since it was connected."));
  };
  block(bar, signal, houses, (connections) => {
    const only = h("input", { type: "checkbox", id: "only-open" });
    only.checked = filter.open;
    only.addEventListener("change", () => {
      filter.open = only.checked;
      show();
    });
    return [houseChoice(connections, filter.connection, (id) => {
      filter.connection = id;
      show();
    }), h("div", { class: "check" }, only, h("label", { for: "only-open" }, "Only open ones"))];
  }, { lines: 1 });
  show();
}

const columns = [
  { title: "From", cell: (gap) => time(gap.started_at, "seconds") },
  { title: "House", cell: (gap) => gap.connection },
  { title: "Lasted", class: "number", cell: (gap) => (gap.ended_at ? span((Date.parse(gap.ended_at) - Date.parse(gap.started_at)) / 1000) : "still") },
  { title: "Why", cell: (gap) => causeText(gap) },
  { title: "State", cell: (gap) => badge(gap.status) },
  { title: "Added", class: "number", cell: (gap) => integer(gap.rows_added) },
  { title: "Lost", cell: (gap) => lost(gap) },
];

function lost(gap) {
  const parts = [];
  if (gap.status === "open") parts.push("not known yet");
  else if (gap.unrecoverable_types?.length) {
    parts.push((gap.events_lost === null ? "" : `${integer(gap.events_lost)} of `) + gap.unrecoverable_types.map(word).join(", "));
  }
  const reason = gap.reason ?? gap.detail;
  return [parts.join(" ") || "–", reason ? h("span", { class: "muted block" }, reason) : null];
}
