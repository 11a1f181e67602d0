// One event, and those like it.

import * as api from "./api.js";
import { h } from "./dom.js";
import { time, word } from "./format.js";
import { block, empty, facts, section } from "./parts.js";
import { link } from "./router.js";
import { change, friendlyName } from "./event-row.js";
import { resultList } from "./results.js";

export default function event({ body, params, signal, setTitle }) {
  const about = h("div");
  const similar = h("div");
  body.append(about, section("Events like this one", similar));
  const path = `events/${api.part(params.id)}`;
  block(about, signal, () => api.get(path, {}, { signal }), (found) => {
    setTitle(friendlyName(found) ?? found.entity_id ?? word(found.event_type));
    return [
      facts([
        ["What", change(found)], ["When", time(found.timestamp, "both")],
        ["Entity", found.entity_id ? h("a", { href: link("entity", found.connection_id, found.entity_id) }, found.entity_id) : null],
        ["Type", found.event_type], ["House", found.connection], ["Came from", found.source],
        ["Stored", found.created_at ? time(found.created_at, "seconds") : null],
        ["Context", found.context_id], ["Caused by", found.context_parent_id], ["By person", found.context_user_id], ["Id", found.id],
      ]),
      section("Attributes", h("pre", { class: "code", tabindex: "0" }, JSON.stringify(found.attributes, null, 2) ?? "none")),
    ];
  }, { lines: 8 });
  block(similar, signal, () => api.get(`${path}/similar`, { limit: 10 }, { signal }), (found) => {
    const { items } = found;
    return items.length ? resultList(items) : empty("Nothing like it was found.", "An event can be compared when it has its vector, which takes seconds to minutes.");
  });
}
