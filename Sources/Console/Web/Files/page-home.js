// Home: how the houses fare, what came from them in a day, what waits.

import * as api from "./api.js";
import { h } from "./dom.js";
import { compact, count, decimal, span, time, word } from "./format.js";
import { badge, block, card, empty, section } from "./parts.js";
import { stopButton } from "./stops.js";
import { link } from "./router.js";
import { setWaiting } from "./shell.js";
import { activity } from "./timeline.js";
import { gapMark, gapSentence } from "./marks.js";

const DAY = 86400e3;

export default function home({ body, head, signal, every }) {
  const state = h("div", { class: "stack" });
  const day = h("div");
  const gaps = h("div");
  body.append(state, section("The last 24 hours", day), section("Open gaps", gaps));
  let hasButton = false;
  const overview = () => api.get("overview", {}, { signal });
  const refresh = block(state, signal, overview, (found) => {
    if (!hasButton) {
      const action = stopButton(found.connections ?? []);
      if (action) head.append(h("div", { class: "head-actions" }, action));
      hasButton = true;
    }
    setWaiting(found.pending_approvals);
    return [figures(found), connections(found.connections ?? [])];
  }, { lines: 5 });
  const refreshDay = block(day, signal, () => readDay(signal), (found) => drawDay(found, signal), { lines: 4 });
  const refreshGaps = block(gaps, signal, () => api.get("gaps", { open: true, limit: 20 }, { signal }), drawGaps, { lines: 2 });
  every(10, refresh);
  every(60, () => {
    refreshDay();
    refreshGaps();
  });
}

function figures(found) {
  const stops = (found.emergency_stops ?? []).filter((stop) => stop.is_engaged !== false).length;
  const health = found.bridge?.status ?? (found.bridge?.is_running === false ? "stopped" : null);
  const figure = (label, value, href, tone) => h(href ? "a" : "div", { class: `figure ${tone ?? ""}`, href },
    h("span", { class: "figure-label" }, label), h("strong", {}, value));
  return h("div", { class: "figures" },
    figure("Bridge", health ? word(health) : "–", null, health === "ok" || health === "healthy" ? "good" : health ? "warn" : null),
    figure("Open gaps", compact(openGaps(found)), link("gaps", { open: true }), openGaps(found) ? "warn" : "good"),
    figure("Waiting for you", compact(found.pending_approvals), link("approvals"), found.pending_approvals ? "accent" : null),
    figure("Emergency stop", stops === 0 ? "none" : count(stops, "engaged", "engaged"), link("stops"), stops ? "bad" : "good"),
    schema(found) === false ? figure("Database", "not current", null, "bad") : null);
}

const openGaps = (found) => (Array.isArray(found.open_gaps) ? found.open_gaps.length : found.open_gaps ?? 0);
const schema = (found) => found.schema_ok ?? found.schema?.is_current;

function connections(list) {
  if (list.length === 0) {
    return empty("No Home Assistant is connected yet.", "Connect one on the bridge's machine: ",
      h("code", {}, "ha-bridge connection add NAME --url URL --token-file FILE"));
  }
  return h("ul", { class: "cards" }, list.map((one) => h("li", {}, card(
    h("div", { class: "card-head" }, h("h2", {}, one.name), badge(one.status ?? one.state ?? "unknown")),
    h("p", { class: "muted" }, [one.location_name, one.home_assistant_version ? `Home Assistant ${one.home_assistant_version}` : null]
      .filter(Boolean).join(" · ")),
    advice(one),
    h("dl", { class: "metrics" },
      metric("Events a minute", decimal(round(one.events_per_minute))),
      metric("Lag", span(one.lag_seconds ?? (one.lag_ms === null || one.lag_ms === undefined ? null : one.lag_ms / 1000))),
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
  }[one.status ?? one.state];
  return text ? h("p", { class: "advice" }, text) : null;
}

async function readDay(signal) {
  const until = Date.now();
  const since = until - DAY;
  const period = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  const [bars, gaps] = await Promise.all([
    api.get("activity", period, { signal }), api.get("gaps", { ...period, limit: 200 }, { signal }),
  ]);
  return { since, until, bars, gaps: gaps.items };
}

/** The rows of the drawing: one for each house. */
function drawDay({ since, until, bars, gaps }, signal) {
  const width = (bars.bucket_seconds ?? 900) * 1000;
  const rows = new Map();
  const row = (id, name) => {
    if (!rows.has(id)) rows.set(id, { name: name ?? "House", bars: [], gaps: [] });
    return rows.get(id);
  };
  for (const item of bars.items ?? []) {
    const target = row(item.connection_id, item.connection);
    for (const point of item.buckets ?? item.points ?? [item]) {
      const at = Date.parse(point.start ?? point.time ?? point.from);
      target.bars.push({ at, until: at + width, count: point.events ?? point.count ?? 0 });
    }
  }
  for (const gap of gaps) row(gap.connection_id, gap.connection).gaps.push(gapMark(gap));
  if (rows.size === 0) return empty("Nothing came in the last 24 hours.", "What arrives from now on appears here.");
  const element = h("div");
  activity(element, [...rows.values()].sort((a, b) => a.name.localeCompare(b.name)), { since, until, signal });
  return [element, legend(gaps)];
}

function legend(gaps) {
  if (gaps.length === 0) return h("p", { class: "muted" }, "No gap: the bridge saw everything that happened.");
  return h("details", { class: "explain" },
    h("summary", {}, h("span", { class: "swatch" }), ` ${count(gaps.length, "gap", "gaps")}: times that the bridge could not see`),
    h("ul", {}, gaps.slice(0, 30).map((gap) => h("li", {}, h("strong", {}, gap.connection), ` ${gapSentence(gap)}`))),
    gaps.length > 30 ? h("p", {}, h("a", { href: link("gaps") }, "All gaps")) : null);
}

function drawGaps({ items }) {
  if (items.length === 0) return empty("No gap is open.", "When Home Assistant cannot be reached, the time is noted here until it is filled.");
  return h("ul", { class: "rows" }, items.map((gap) => h("li", {}, badge(gap.status), h("p", {}, h("strong", {}, gap.connection),
    ` ${gapSentence(gap)}`, gap.reason ? h("span", { class: "muted" }, ` ${gap.reason}`) : null))));
}
