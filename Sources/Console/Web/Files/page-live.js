// The live tail: what happens, while it happens.

import * as api from "./api.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { houses } from "./houses.js";
import { block, button, empty, field, houseChoice } from "./parts.js";
import { remember } from "./router.js";
import { openTail } from "./tail.js";
import { eventRow } from "./event-row.js";

const SHOWN = 500;

export default function live({ body, query, signal }) {
  const filter = Object.fromEntries(["connection", "entity", "type"].map((name) => [name, query.get(name) ?? ""]));
  const bar = h("div", { class: "filters" });
  const status = h("p", { class: "tail-status", role: "status", "aria-live": "polite" });
  const list = h("ol", { class: "tail", "aria-label": "Events, newest first" });
  const hint = h("div");
  const state = { isPaused: false, held: [], dropped: 0, lost: 0, seen: 0, connection: "opening", tail: null };
  const pause = button("Pause", () => setPaused(!state.isPaused), { sign: "pause" });
  body.append(bar, h("div", { class: "tail-head" }, status, h("div", { class: "actions" }, pause,
    button("Clear", () => { list.replaceChildren(); tell(); }, { kind: "plain" }))), list, hint);

  block(bar, signal, houses, (connections) => {
    const names = new Map(connections.map((one) => [one.id, one.name]));
    state.names = connections.length > 1 ? names : null;
    const entity = h("input", { type: "search", value: filter.entity, placeholder: "light.*", autocomplete: "off", spellcheck: "false", maxlength: 255 });
    const type = h("input", { type: "search", value: filter.type, placeholder: "state_changed", autocomplete: "off", spellcheck: "false", maxlength: 255 });
    for (const [name, input] of [["entity", entity], ["type", type]]) {
      input.addEventListener("change", () => change(name, input.value.trim()));
    }
    return [houseChoice(connections, filter.connection, (id) => change("connection", id)), field("Entity", entity), field("Type of event", type)];
  }, { lines: 1 });

  function change(name, value) {
    if (filter[name] === value) return;
    filter[name] = value;
    remember(filter);
    list.replaceChildren();
    begin();
  }

  function begin() {
    state.tail?.close();
    Object.assign(state, { held: [], lost: 0, dropped: 0, seen: 0 });
    begun();
    state.tail = openTail(filter, {
      events: take,
      lost(number) {
        state.lost += number;
        tell();
      },
      state(name) {
        state.connection = name;
        tell();
      },
    });
  }

  /** What happened lately stands below what happens now. */
  async function begun() {
    const turn = JSON.stringify(filter);
    tell();
    try {
      const page = await api.get("events", { ...filter, limit: 50 }, { signal });
      if (signal.aborted || turn !== JSON.stringify(filter)) return;
      const known = new Set([...list.children].map((row) => row.dataset.id));
      list.append(...page.items.filter((event) => !known.has(event.id)).map((event) => eventRow(event, state.names)));
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 400) hint.replaceChildren(empty("This filter cannot be used.", error.message));
    }
    tell();
  }

  function take(events) {
    state.seen += events.length;
    if (!state.isPaused) prepend(events);
    else {
      state.held.push(...events);
      const surplus = state.held.length - SHOWN;
      if (surplus > 0) {
        state.held.splice(0, surplus);
        state.dropped += surplus;
      }
    }
    tell();
  }

  function prepend(events) {
    const known = new Set([...list.children].slice(0, 200).map((row) => row.dataset.id));
    const rows = events.filter((event) => !known.has(event.id)).map((event) => eventRow(event, state.names, true));
    list.prepend(...rows.reverse());
    while (list.childElementCount > SHOWN) list.lastElementChild.remove();
  }

  function setPaused(isPaused) {
    state.isPaused = isPaused;
    pause.replaceChildren(...button(isPaused ? "Go on" : "Pause", null, { sign: isPaused ? "play" : "pause" }).childNodes);
    pause.setAttribute("aria-pressed", String(isPaused));
    if (!isPaused) {
      prepend(state.held);
      Object.assign(state, { held: [], dropped: 0 });
    }
    tell();
  }

  /** Says how it stands; only what a person wants to hear at once, so that a screen reader is not talked over. */
  function tell() {
    const parts = [];
    if (state.isPaused) parts.push(`Paused. ${count(state.held.length, "new event waits", "new events wait")}`);
    else parts.push({ opening: "Connecting …", open: "Live", waiting: "The stream broke off. Connecting again …" }[state.connection]);
    if (state.dropped > 0) parts.push(`${count(state.dropped, "older one is", "older ones are")} left out of the list`);
    if (state.lost > 0) parts.push(`${count(state.lost, "event was", "events were")} not shown: more came than this page could take`);
    const text = `${parts.join(". ")}.`.replace("….", "…");
    if (status.textContent !== text) status.textContent = text;
    status.dataset.state = state.isPaused ? "paused" : state.connection;
    if (list.childElementCount > 0) hint.replaceChildren();
    else if (!hint.firstChild) hint.replaceChildren(empty("Nothing has happened yet.", "Events appear here as they come. With a filter, only those that fit it."));
  }

  signal.addEventListener("abort", () => state.tail?.close());
  begin();
}
