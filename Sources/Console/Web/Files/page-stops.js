// Emergency stops: those that hold, and those that were released.

import * as api from "./api.js";
import { h } from "./dom.js";
import { time } from "./format.js";
import { houses } from "./houses.js";
import { badge, block, button, empty, section, table } from "./parts.js";
import { isAdmin, mayGovern } from "./session.js";
import { place, release, stopButton, stops } from "./stops.js";

export default function emergency({ body, head, signal }) {
  const element = h("div");
  body.append(h("p", { class: "lead" }, "A stop freezes every change to Home Assistant at once, for one house or for all. The bridge goes on listening and storing."), element);
  const again = block(element, signal, () => api.get("emergency", { limit: 100 }, { signal }), (found) => {
    const list = found.items;
    const engaged = list.filter((stop) => stop.is_engaged);
    const released = list.filter((stop) => !stop.is_engaged);
    return [
      section("Engaged", engaged.length ? h("ul", { class: "cards wide" }, engaged.map((stop) => h("li", {}, h("div", { class: "card bad" },
        h("div", { class: "card-head" }, h("h3", {}, `Stopped for ${place(stop)}`), badge("engaged")),
        h("p", {}, stop.reason), h("p", { class: "muted" }, "since ", time(stop.engaged_at, "both"), stop.engaged_by ? ` by ${stop.engaged_by}` : ""),
        mayGovern() && (stop.connection_id || isAdmin()) ? h("p", {}, button("Release …", () => release(stop), { kind: "primary" })) : null))))
        : empty("No stop is engaged.", "Changes are made as people approve them.")),
      released.length ? section("Released", table("Released stops", columns, released).element) : null,
    ];
  });
  block(h("div"), signal, houses, (connections) => {
    const action = stopButton(connections);
    if (action) head.append(h("div", { class: "head-actions" }, action));
  });
  stops.addEventListener("changed", again, { signal });
}

const columns = [
  { title: "House", cell: (stop) => place(stop) }, { title: "Engaged", cell: (stop) => time(stop.engaged_at) },
  { title: "By", cell: (stop) => stop.engaged_by ?? "–" }, { title: "Why", cell: (stop) => stop.reason },
  { title: "Released", cell: (stop) => time(stop.released_at) }, { title: "By", cell: (stop) => stop.released_by ?? "–" },
  { title: "Why over", cell: (stop) => stop.release_reason ?? "–" },
];
