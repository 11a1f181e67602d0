// Home: how the houses fare, what came from them in a day, what waits.

import * as api from "./api.js";
import { h } from "./dom.js";
import { compact, count, decimal, percent, span, time, word } from "./format.js";
import { badge, block, card, empty, section } from "./parts.js";
import { stopButton } from "./stops.js";
import { link } from "./router.js";
import { overview } from "./overview.js";
import { setWaiting } from "./shell.js";
import { activity } from "./timeline.js";
import { gapMark, gapSentence } from "./marks.js";

/** Buckets of a bar. */
const TOGETHER = 3;

export default function home({ body, head, signal, every }) {
  const state = h("div", { class: "stack" });
  const day = h("div");
  const gaps = h("div");
  body.append(state, section("The last 24 hours", day), section("Open gaps", gaps));
  let hasButton = false;
  const refresh = block(state, signal, overview, (found) => {
    if (!hasButton) {
      const action = stopButton(found.connections ?? []);
      if (action) head.append(h("div", { class: "head-actions" }, action));
      hasButton = true;
    }
    setWaiting(found.approvals.pending);
    return [figures(found), connections(found.connections ?? [])];
  }, { lines: 5 });
  const refreshDay = block(day, signal, () => api.get("activity", {}, { signal }), (found) => drawDay(found, signal), { lines: 4 });
  const refreshGaps = block(gaps, signal, overview, drawGaps, { lines: 2 });
  every(10, refresh);
  every(60, () => {
    refreshDay();
    refreshGaps();
  });
}

function figures(found) {
  const stops = found.emergency_stops.length;
  const waiting = found.approvals.pending;
  const gaps = found.open_gaps.length;
  const { status, reasons } = found.bridge;
  const figure = (label, value, href, tone) => h(href ? "a" : "div", { class: `figure ${tone ?? ""}`, href },
    h("span", { class: "figure-label" }, label), h("strong", {}, value));
  return [h("div", { class: "figures" },
    figure("Bridge", { ok: "runs well" }[status] ?? word(status), null, { ok: "good", degraded: "warn" }[status] ?? "bad"),
    figure("Open gaps", compact(gaps), link("gaps", { open: true }), gaps ? "warn" : "good"),
    figure("Waiting for you", compact(waiting), link("approvals"), waiting ? "accent" : null),
    figure("Emergency stop", stops === 0 ? "none" : count(stops, "engaged", "engaged"), link("stops"), stops ? "bad" : "good"),
    found.schema_ok ? null : figure("Database", "not current", null, "bad")),
  reasons.length ? h("div", { class: "advice" }, h("p", {}, h("strong", {}, "What the bridge says of itself")),
    h("ul", {}, reasons.map((text) => h("li", {}, text)))) : null];
}

function connections(list) {
  if (list.length === 0) {
    return empty("No Home Assistant is connected yet.", "Connect one on the bridge's machine: ",
      h("code", {}, "ha-bridge connection add NAME --url URL --token-file FILE"));
  }
  return h("ul", { class: "cards" }, list.map((one) => h("li", {}, card(
    h("div", { class: "card-head" }, h("h2", {}, one.name), badge(one.is_paused ? "paused" : one.status)),
    h("p", { class: "muted" }, [one.location_name, one.home_assistant_version ? `Home Assistant ${one.home_assistant_version}` : null]
      .filter(Boolean).join(" · ")),
    advice(one),
    h("dl", { class: "metrics" },
      metric("Events a minute", decimal(round(one.events_per_minute))),
      metric("Lag", h("span", { title: "How long the newest event took from Home Assistant to its row" }, span(one.lag_seconds))),
      metric("Seen", percent(one.uptime_percent)),
      metric("Last event", time(one.last_event_at, "ago"))),
    h("p", { class: "card-links" },
      h("a", { href: link("live", { connection: one.id }) }, "Live"), h("a", { href: link("entities", { connection: one.id }) }, "Entities"),
      h("a", { href: link("automations", { connection: one.id }) }, "Automations"),
      h("a", { href: link("gaps", { connection: one.id }) }, "Gaps"))))));
}

const round = (value) => (typeof value === "number" ? Math.round(value * 10) / 10 : value);
const metric = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

function advice(one) {
  const text = {
    auth_failed: "Home Assistant refuses the token. Give the connection a new one: ha-bridge connection set-token.",
    disconnected: "Home Assistant does not answer. The bridge keeps trying; what it misses becomes a gap and is filled later.",
    error: "The bridge cannot work with this connection; its log says why. See: ha-bridge doctor.",
    paused: "Paused by a person. To go on: ha-bridge connection resume.",
  }[one.is_paused ? "paused" : one.status];
  return text ? h("p", { class: "advice" }, text, one.last_error && !one.is_paused ? h("span", { class: "block" }, one.last_error) : null) : null;
}

/** The last day, a row for each house or one for all; and its gaps in words. */
function drawDay(found, signal) {
  if (found.gaps.length === 0 && found.rows.every((row) => row.events.every((events) => !events))) {
    return empty("Nothing came in the last 24 hours.", "What arrives from now on appears here.");
  }
  const element = h("div");
  // Five minutes would be bars of three pixels, and a thousand of them.
  const length = found.bucket_seconds * 1000 * TOGETHER;
  const first = Date.parse(found.first_bucket);
  activity(element, found.rows.map((row) => ({
    name: row.connection ?? "Every house",
    gaps: found.gaps.filter((gap) => row.connection_id === null || gap.connection_id === row.connection_id).map(gapMark),
    bars: Array.from({ length: Math.ceil(row.events.length / TOGETHER) }, (_, index) => ({
      at: first + index * length, until: first + (index + 1) * length,
      count: row.events.slice(index * TOGETHER, (index + 1) * TOGETHER).reduce((sum, events) => sum + (events ?? 0), 0),
    })),
  })), { since: Date.parse(found.since), until: Date.parse(found.until), signal });
  return [element, legend(found.gaps)];
}

function legend(gaps) {
  if (gaps.length === 0) return h("p", { class: "muted" }, "No gap: the bridge saw everything that happened.");
  return h("details", { class: "explain" },
    h("summary", {}, h("span", { class: "swatch" }), ` ${count(gaps.length, "gap", "gaps")}: times that the bridge could not see`),
    h("ul", {}, gaps.slice(0, 30).map((gap) => h("li", {}, h("strong", {}, gap.connection), ` ${gapSentence(gap)}`))),
    gaps.length > 30 ? h("p", {}, h("a", { href: link("gaps") }, "All gaps")) : null);
}

function drawGaps({ open_gaps: open }) {
  if (open.length === 0) return empty("No gap is open.", "When Home Assistant cannot be reached, the time is noted here until it is filled.");
  return h("ul", { class: "rows" }, open.map((gap) => h("li", {}, badge(gap.status), h("p", {}, h("strong", {}, gap.connection),
    ` ${gapSentence(gap)}`, gap.reason ? h("span", { class: "muted" }, ` ${gap.reason}`) : null))));
}
