// The emergency stop: whether one holds, and the dialogs to engage and to release it.

import { h } from "./dom.js";
import * as api from "./api.js";
import { ask, reasonInput } from "./dialog.js";
import { button, select, toast } from "./parts.js";
import { isAdmin, mayGovern } from "./session.js";
import { notice } from "./shell.js";
import { link } from "./router.js";
import { time } from "./format.js";

/** Told whenever a stop was engaged or released here. */
export const stops = new EventTarget();

export const place = (stop) => (stop.connection_id ? stop.connection ?? "one house" : "every house");

/** Asks for the reason and engages a stop. `connections`: those one may choose from. */
export async function engage(connections) {
  const house = houseInput(connections);
  const done = await ask({
    title: "Stop all changes?", kind: "danger", submit: "Stop now",
    text: "From then on the bridge changes nothing in Home Assistant, and a change that is under way is ended. It goes on "
      + "listening and storing. Only a person ends the stop.",
    fields: [
      ...(house ? [{ name: "connection", label: "Where", input: house }] : []),
      { name: "reason", label: "Why", input: reasonInput(), hint: "It is written into the signed audit trail." },
    ],
    send: ({ connection, reason }) => api.post("emergency", {
      connection: house ? connection || null : connections[0]?.id ?? null, reason,
    }),
  });
  if (done) changed("The stop holds: nothing is changed any more.");
}

/** Asks for the reason and releases `stop`. */
export async function release(stop) {
  const done = await ask({
    title: `Release the stop for ${place(stop)}?`, submit: "Release", kind: "primary",
    text: "Changes are made again. One that the stop ended is not taken up by itself: look at it and decide.",
    fields: [{ name: "reason", label: "Why it is over", input: reasonInput() }],
    send: ({ reason }) => api.post("emergency/release", { connection: stop.connection_id ?? null, reason }),
  });
  if (done) changed(`The stop for ${place(stop)} is over.`);
}

function changed(text) {
  toast(text);
  stops.dispatchEvent(new Event("changed"));
}

function houseInput(connections) {
  const options = connections.map((one) => [one.id, one.name]);
  if (isAdmin()) return select([["", "Every house"], ...options]);
  return options.length > 1 ? select(options, options[0][0]) : null;
}

/** A button for each who may press it. */
export function stopButton(connections) {
  if (!mayGovern() || (!isAdmin() && connections.length === 0)) return null;
  return button("Emergency stop", () => engage(connections), { kind: "danger", sign: "stop" });
}

/** The bar above every page while a stop holds. */
export function showStops(engaged) {
  notice("stops", engaged.length === 0 ? null : engaged.map((stop) => h("div", { class: "stop-line" },
    h("p", {}, h("strong", {}, `Stopped for ${place(stop)}`), ` since `, time(stop.engaged_at, "both"),
      stop.engaged_by ? ` by ${stop.engaged_by}` : "", `: ${stop.reason}`),
    h("p", { class: "stop-actions" }, h("a", { href: link("stops") }, "All stops"),
      mayGovern() && (stop.connection_id || isAdmin())
        ? button("Release …", () => release(stop), { kind: "small" }) : null))), "bad");
}
