// One automation: state, score with its parts, runs, lifecycle, versions.

import * as api from "./api.js";
import { h, put } from "./dom.js";
import { integer, milliseconds, moment, percent, time, word } from "./format.js";
import { badge, block, empty, facts, failure, pages, section, table } from "./parts.js";
import { link } from "./router.js";
import { scoreMeter, scoreTable } from "./score.js";
import { runLine } from "./timeline.js";
import { diff } from "./diff.js";

export default function automation({ body, params, signal, setTitle }) {
  const path = `automations/${api.part(params.id)}`;
  const parts = Object.fromEntries(["about", "line", "runs", "moves", "versions"].map((name) => [name, h("div")]));
  body.append(parts.about, section("Runs", parts.line, parts.runs), section("Versions of its configuration", parts.versions),
    section("Lifecycle", parts.moves));
  block(parts.about, signal, () => api.get(path, {}, { signal }), (found) => {
    setTitle(found.name);
    return portrait(found);
  }, { lines: 8 });
  pages(parts.runs, signal, async (cursor) => {
    const page = await api.get(`${path}/runs`, { limit: 30, cursor }, { signal });
    if (!cursor) drawLine(parts.line, page.items, signal);
    return page;
  }, (items) => table("Runs, newest first", runColumns, items), () => empty("It has not run yet.", "Runs appear here within seconds of their end."));
  pages(parts.moves, signal, (cursor) => api.get(`${path}/history`, { limit: 20, cursor }, { signal }),
    (items) => table("Lifecycle, newest first", moveColumns, items), () => empty("Its state has never changed."));
  pages(parts.versions, signal, (cursor) => api.get(`${path}/versions`, { limit: 20, cursor }, { signal }),
    (items) => versions(items, path, signal),
    () => empty("No version is stored yet.", "The bridge stores the first when it has read the configuration."));
}

function portrait(found) {
  return [
    h("div", { class: "now" }, badge(found.lifecycle_state), h("p", { class: "muted" }, "since ", time(found.lifecycle_changed_at, "both"))),
    found.description ? h("p", { class: "lead" }, found.description) : null,
    found.problems?.length ? h("div", { class: "advice" }, h("p", {}, h("strong", {}, "What it lacks")), h("ul", {}, found.problems.map((text) => h("li", {}, text)))) : null,
    h("div", { class: "split" },
      h("div", { class: "card" }, h("div", { class: "card-head" }, h("h2", {}, "Score"), scoreMeter(found.performance_score)),
        h("p", {}, sentence(found.score_explanation) ?? "Not computed yet: it takes three runs."),
        scoreTable(found.score_parts)),
      h("div", { class: "card" }, h("h2", {}, "About it"), facts([
        ["Entity", found.entity_id ? h("a", { href: link("entity", found.connection_id, found.entity_id) }, found.entity_id) : null],
        ["House", found.connection], ["Runs", integer(found.execution_count)], ["Succeeded", percent(found.success_rate)],
        ["Took on average", milliseconds(found.average_execution_time_ms)], ["Last run", time(found.last_execution_time, "both")],
        ["Mode", found.mode], ["Switched on", found.is_enabled === null ? null : found.is_enabled ? "yes" : "no"], ["Read only", found.read_only_reason],
        ["Last seen", time(found.last_seen_at, "ago")],
      ]))),
  ];
}

const sentence = (text) => (text ? (/[.!?]$/.test(text) ? text : `${text}.`) : null);

const tone = (run) => ({ success: "good", failure: "bad" }[run.status] ?? "calm");
const isUndone = (run) => run.overridden_at !== null;

function drawLine(element, runs, signal) {
  if (runs.length < 2) return put(element);
  const times = runs.map((run) => Date.parse(run.started_at)).filter(Number.isFinite);
  const since = Math.min(...times);
  const line = h("div");
  put(element, line, h("p", { class: "legend" }, h("span", { class: "dot good" }), "succeeded ", h("span", { class: "dot bad" }), "failed ",
    h("span", { class: "dot calm" }), "did not run through"));
  return runLine(line, runs.map((run) => ({
    at: Date.parse(run.started_at), tone: tone(run), text: `${moment(new Date(run.started_at))}: ${word(run.status)}`,
  })), { since, until: Math.max(Date.now(), since + 60_000), signal });
}

const runColumns = [
  { title: "Began", cell: (run) => time(run.started_at, "seconds") },
  { title: "Ended", cell: (run) => [badge(run.status), isUndone(run) ? [" ", badge("undone by hand", "warn")] : null] },
  { title: "Took", class: "number", cell: (run) => milliseconds(run.duration_ms) },
  { title: "Trigger", cell: (run) => run.trigger ?? "–" },
  { title: "Error", cell: (run) => run.error_message ?? "–" },
];

const moveColumns = [
  { title: "Since", cell: (move) => time(move.changed_at) },
  { title: "State", cell: (move) => [move.previous_state ? h("span", { class: "muted" }, `${word(move.previous_state)} → `) : null, badge(move.new_state)] },
  { title: "Why", cell: (move) => move.change_reason },
  { title: "By", cell: (move) => move.changed_by ?? "the bridge" },
];

function versions(items, path, signal) {
  const view = h("div", { "aria-live": "polite" });
  const compare = async (version, against) => {
    const label = against === "current" ? "the newest one" : `version ${against}`;
    try {
      const found = await api.get(`${path}/versions/${api.part(version)}/diff`, { against }, { signal });
      const old = found.from_version === null ? "nothing before it" : `version ${found.from_version}`;
      put(view, h("h3", {}, `Version ${version} and ${label}`), diff(found.lines, { old, now: `version ${found.to_version}` }));
    } catch (error) {
      if (error.name !== "AbortError") put(view, failure(error, () => compare(version, against)));
    }
    view.scrollIntoView({ block: "nearest" });
  };
  const list = table("Versions, newest first", [
    { title: "Version", cell: (one) => `Version ${one.version}` },
    { title: "Stored", cell: (one) => time(one.created_at, "both") },
    { title: "Why", cell: (one) => word(one.backup_type) },
    { title: "Compare", cell: (one) => h("span", { class: "actions" },
      one.version > 1 ? compareButton("with the one before", one, () => compare(one.version, one.version - 1)) : null,
      one === items[0] ? null : compareButton("with the newest", one, () => compare(one.version, "current"))) },
  ], items);
  return { element: [list.element, view], grow: list.grow };
}

function compareButton(text, one, work) {
  return h("button", { class: "button small", type: "button", "aria-label": `Compare version ${one.version} ${text}`, on: { click: work } }, text);
}

