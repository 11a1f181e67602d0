// Every entity with its state now.

import * as api from "./api.js";
import { h } from "./dom.js";
import { time } from "./format.js";
import { houses } from "./houses.js";
import { block, empty, field, houseChoice, pages, table } from "./parts.js";
import { link, remember } from "./router.js";
import { stateText } from "./history.js";

export default function entities({ body, query, signal }) {
  const filter = Object.fromEntries(["connection", "q", "domain"].map((name) => [name, query.get(name) ?? ""]));
  const bar = h("div", { class: "filters" });
  const list = h("div");
  body.append(bar, list);
  let several = false;
  let timer = null;

  const show = () => {
    remember(filter);
    pages(list, signal, (cursor) => api.get("entities", { ...filter, limit: 60, cursor }, { signal }),
      (items) => table("Entities", columns(several), items), () => (filter.q || filter.domain
        ? empty("No entity fits.", "Take a shorter word, or leave the kind out.")
        : empty("No entity is known yet.", "The bridge stores what a connected Home Assistant reports; the first arrive within seconds.")));
  };
  const change = (name, value) => {
    if (filter[name] === value) return;
    filter[name] = value;
    show();
  };
  block(bar, signal, houses, (connections) => {
    several = connections.length > 1;
    const q = h("input", { type: "search", value: filter.q, autocomplete: "off", maxlength: 200, placeholder: "kitchen" });
    q.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { if (!signal.aborted) change("q", q.value.trim()); }, 300);
    });
    const domain = h("input", { type: "search", value: filter.domain, autocomplete: "off", maxlength: 64, placeholder: "light", spellcheck: "false" });
    domain.addEventListener("change", () => change("domain", domain.value.trim().toLowerCase()));
    show();
    return [houseChoice(connections, filter.connection, (id) => change("connection", id)), field("Name or id", q), field("Kind", domain)];
  }, { lines: 1 });
}

const nameOf = (entity) => entity.name ?? entity.entity_id;

const columns = (several) => [
  { title: "Entity", cell: (one) => [h("a", { href: link("entity", one.connection_id, one.entity_id) }, nameOf(one)),
    nameOf(one) === one.entity_id ? null : h("span", { class: "muted block id" }, one.entity_id)] },
  { title: "State", cell: (one) => h("strong", {}, stateText(one.state, one.unit)) },
  { title: "Area", cell: (one) => one.area ?? "–" },
  ...(several ? [{ title: "House", cell: (one) => one.connection ?? "–" }] : []),
  { title: "Changed", cell: (one) => time(one.last_updated, "ago") },
];
