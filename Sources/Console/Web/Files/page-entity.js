// One entity: its state now, and its history as a plot and as a table.

import * as api from "./api.js";
import { h, put } from "./dom.js";
import { count, decimal, moment, span, time, utc } from "./format.js";
import { readHistory, ranges, resolutionText, stateText } from "./history.js";
import { gapMark, gapSentence } from "./marks.js";
import { block, empty, facts, section, table } from "./parts.js";
import { link, remember } from "./router.js";
import { plot } from "./plot.js";

export default function entity({ body, head, params, query, signal, setTitle, every }) {
  const { connection, entity: id } = params;
  setTitle(id);
  const about = h("div");
  const choice = h("fieldset", { class: "segmented" }, h("legend", { class: "unseen" }, "Period"));
  const drawing = h("div", { class: "card" });
  let range = ranges.find(([name]) => name === query.get("range")) ?? ranges[2];
  for (const one of ranges) {
    const input = h("input", { type: "radio", name: "range", id: `range-${one[0]}`, value: one[0] });
    input.checked = one === range;
    input.addEventListener("change", () => {
      range = one;
      remember({ range: one[0] });
      show();
    });
    choice.append(input, h("label", { for: input.id }, one[1]));
  }
  body.append(about, h("section", { class: "section" }, h("div", { class: "section-head" }, h("h2", {}, "History"), choice), drawing));

  const path = `entities/${api.part(id)}`;
  const refresh = block(about, signal, () => api.get(path, { connection }, { signal }), (found) => {
    setTitle(found.name ?? id);
    head.querySelector(".subtitle")?.remove();
    head.append(h("p", { class: "subtitle id" }, id));
    return portrait(found, connection, id);
  }, { lines: 3 });
  every(15, refresh);

  let stop = new AbortController();
  function show() {
    stop.abort();
    stop = new AbortController();
    const mine = AbortSignal.any([signal, stop.signal]);
    const until = Date.now();
    const since = until - range[2];
    const period = { connection, since: new Date(since).toISOString(), until: new Date(until).toISOString() };
    block(drawing, mine, async () => {
      const answer = await api.get(`${path}/history`, { ...period, points: 600 }, { signal: mine });
      return { history: readHistory(answer, since, until), gaps: answer.gaps };
    }, (found) => chart(found, id, range[1], mine), { lines: 6 });
  }
  show();
}

function portrait(found, connection, id) {
  const attributes = found.attributes ?? {};
  return [
    h("div", { class: "now" }, h("strong", { class: "now-state" }, stateText(found.state, found.unit)),
      h("p", { class: "muted" }, "since ", time(found.last_updated, "both"))),
    facts([["Area", found.area], ["Device", found.device], ["House", found.connection], ["Class", found.device_class]]),
    h("p", { class: "card-links" }, h("a", { href: link("live", { connection, entity: id }) }, "Follow it live"),
      h("a", { href: link("search", { q: found.name ?? id, connection }) }, "Search for it")),
    Object.keys(attributes).length === 0 ? null : h("details", { class: "explain" }, h("summary", {}, "All attributes"),
      h("pre", { class: "code", tabindex: "0" }, JSON.stringify(attributes, null, 2))),
  ];
}

function chart({ history, gaps }, id, words, signal) {
  if (history.points.length === 0) {
    return [empty("Nothing is stored of it in this period.", "Choose a longer one."), gapList(gaps)];
  }
  const drawing = h("div");
  plot(drawing, history, gaps.map(gapMark), `History of ${id} over the last ${words.toLowerCase()}. Arrow keys move through it.`, signal);
  return [drawing, h("p", { class: "muted" }, resolutionText(history), " Hatched: the bridge could not see the house."), gapList(gaps), asTable(history)];
}

function gapList(gaps) {
  if (gaps.length === 0) return null;
  return h("details", { class: "explain" }, h("summary", {}, h("span", { class: "swatch" }), ` ${count(gaps.length, "gap", "gaps")} in this period`),
    h("ul", {}, gaps.slice(0, 50).map((gap) => h("li", {}, gapSentence(gap)))));
}

/** The same data for those who read tables; made when it is opened, newest first. */
function asTable(history) {
  const frame = h("div");
  const element = h("details", { class: "explain" }, h("summary", {}, `The same as a table (${count(history.points.length, "row", "rows")})`), frame);
  element.addEventListener("toggle", () => {
    if (!element.open || frame.firstChild) return;
    const when = { title: "Time", cell: (point) => h("time", { datetime: new Date(point.at).toISOString(), title: utc(new Date(point.at)) },
      moment(new Date(point.at), { seconds: true })) };
    const columns = history.kind === "state"
      ? [when, { title: "State", cell: (point) => point.state }, { title: "For", class: "number", cell: (point) => span((point.until - point.at) / 1000) }]
      : [when, { title: history.unit ? `Value in ${history.unit}` : "Value", class: "number", cell: (point) => decimal(point.value) },
        ...(history.isRolledUp ? [{ title: "Least", class: "number", cell: (point) => decimal(point.low) },
          { title: "Most", class: "number", cell: (point) => decimal(point.high) }] : [])];
    put(frame, table("History", columns, history.points.toReversed()).element);
  });
  return element;
}
