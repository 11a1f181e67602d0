// One event on a line.

import { h } from "./dom.js";
import { time, word } from "./format.js";
import { link } from "./router.js";

export const friendlyName = (event) => {
  const name = event.friendly_name ?? event.attributes?.friendly_name;
  return typeof name === "string" && name !== "" ? name : null;
};

/** What happened: “off → on”, or the type of the event. */
export function change(event) {
  if (event.event_type !== "state_changed") return h("span", { class: "kind" }, happening(event));
  if (event.new_state === null) return h("span", {}, "removed");
  const unit = event.attributes?.unit_of_measurement;
  const text = (state) => (unit && state !== "unavailable" && state !== "unknown" ? `${state}\u202F${unit}` : state);
  if (event.old_state === null || event.source === "snapshot") return h("strong", {}, text(event.new_state));
  if (event.old_state === event.new_state) return [h("strong", {}, text(event.new_state)), h("span", { class: "muted" }, " (attributes)")];
  return [h("span", { class: "muted" }, text(event.old_state)), h("span", { class: "arrow", "aria-label": "to" }, " → "),
    h("strong", {}, text(event.new_state))];
}

/** What an event that is no change of a state says: the service that was called, what set an automation off. */
function happening({ event_type: type, attributes: given }) {
  if (type === "call_service" && given?.domain && given.service) {
    const target = [given.service_data?.entity_id ?? []].flat();
    return `${given.domain}.${given.service}` + (target.length ? `: ${target.slice(0, 3).join(", ")}${target.length > 3 ? " …" : ""}` : "");
  }
  if (type === "automation_triggered" && given?.source) return `triggered by ${given.source}`;
  return word(type);
}

/** The row; `names` gives the names of houses where there are several. */
export function eventRow(event, names, isNew = false) {
  const name = friendlyName(event);
  const subject = event.entity_id
    ? h("a", { href: link("entity", event.connection_id, event.entity_id) }, name ?? event.entity_id)
    : h("span", {}, word(event.event_type));
  return h("li", { class: isNew ? "tail-row is-new" : "tail-row", data: { id: event.id } },
    h("span", { class: "tail-time" }, time(event.timestamp, "seconds")),
    h("span", { class: "tail-subject" }, subject, name ? h("span", { class: "muted id" }, event.entity_id) : null),
    h("span", { class: "tail-change" }, change(event)),
    h("span", { class: "tail-more" }, names ? h("span", { class: "muted" }, names.get(event.connection_id) ?? event.connection ?? "") : null,
      event.source && event.source !== "live" ? h("span", { class: "badge calm" }, word(event.source)) : null,
      h("a", { class: "details", href: link("event", event.id), "aria-label": `All about this event of ${name ?? event.entity_id ?? event.event_type}` }, "Details")));
}
