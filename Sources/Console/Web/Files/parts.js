// What pages are made of: blocks that load, tables, badges, states of nothing and of failure.

import { add, h, put } from "./dom.js";
import * as api from "./api.js";
import { word, capital } from "./format.js";
import { icon } from "./icons.js";

/** Grey lines in the place of what is still to come. */
export function skeleton(lines = 3) {
  return h("div", { class: "skeleton", "aria-hidden": "true" }, Array.from({ length: lines }, () => h("span")));
}

/** Nothing is there: a sentence, and what to do next. */
export function empty(title, ...next) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), next.length ? h("p", {}, next) : null);
}

/** Something went wrong: what, and a button that tries again. */
export function failure(error, again) {
  const isKnown = error instanceof api.ApiError;
  const text = {
    403: "You may not see or do this. Ask an administrator for the right to it.",
    404: "There is no such thing, or it belongs to somebody else.",
  }[error.status] ?? (isKnown ? error.message : "This part of the page could not be shown.");
  return h("div", { class: "failure", role: "alert" },
    h("p", { class: "empty-title" }, text),
    isKnown ? null : h("p", { class: "muted" }, error.message),
    error.retryAfter ? h("p", { class: "muted" }, `Try again in ${error.retryAfter} s.`) : null,
    again && error.status !== 403 && error.status !== 404
      ? h("p", {}, h("button", { class: "button", type: "button", on: { click: again } }, "Try again")) : null);
}

/**
 * Shows a skeleton in `element`, then what `render` makes of what `load` brings, or why not. Returns a function that does so
 * again: what is shown stays until the new is there. A block that failed for want of a connection loads when it is back.
 */
export function block(element, signal, load, render, { lines = 3 } = {}) {
  let hasShown = false;
  let hasFailed = false;
  let turn = 0;
  const run = async () => {
    const mine = ++turn;
    if (!hasShown) put(element, skeleton(lines));
    element.setAttribute("aria-busy", "true");
    try {
      const found = await load();
      if (signal.aborted || mine !== turn) return;
      put(element, render(found));
      hasShown = true;
      hasFailed = false;
    } catch (error) {
      if (signal.aborted || mine !== turn || error.name === "AbortError") return;
      hasFailed = true;
      // What was there is worth more than a failure that the bar at the top tells anyway.
      if (error.status === 401 || (hasShown && error.status === 0)) return;
      if (!(error instanceof api.ApiError)) console.error(error);
      put(element, failure(error, run));
      hasShown = false;
    } finally {
      if (mine === turn) element.removeAttribute("aria-busy");
    }
  };
  api.network.addEventListener("reachable", () => { if (hasFailed) run(); }, { signal });
  run();
  return run;
}

/** A part of a page with its heading. */
export function section(title, ...children) {
  return h("section", { class: "section" }, title ? h("h2", {}, title) : null, children);
}

export const card = (...children) => h("div", { class: "card" }, children);

const tones = {
  good: ["connected", "active", "success", "approved", "backfilled", "completed", "ok", "low", "released", "healthy", "yes"],
  warn: ["connecting", "degraded", "pending", "pending_approval", "proposed", "partial", "medium", "warn", "require_approval",
    "blocked", "aborted", "expired", "open", "running", "modified", "paused"],
  bad: ["auth_failed", "error", "disconnected", "failure", "failed", "rejected", "unavailable", "unrecoverable", "high", "critical",
    "block", "engaged", "unsound"],
};
const toneOf = new Map(Object.entries(tones).flatMap(([tone, list]) => list.map((name) => [name, tone])));

/** A word of a closed set in a pill. The word carries the meaning; the colour repeats it. */
export function badge(text, tone = toneOf.get(String(text).toLowerCase()) ?? "calm") {
  return h("span", { class: `badge ${tone}` }, capital(word(text)));
}

/** Names and values; those that are null are left out. */
export function facts(rows) {
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/**
 * A table that becomes a list of cards on a narrow screen. Columns: {title, cell(row), class}; the first one names the row.
 */
export function table(caption, columns, rows, { rowClass } = {}) {
  const body = h("tbody");
  const row = (item) => h("tr", { class: rowClass?.(item) ?? null }, columns.map((column, index) => {
    const content = column.cell(item);
    return h(index === 0 ? "th" : "td",
      { scope: index === 0 ? "row" : null, class: column.class ?? null, data: { title: column.title } }, content);
  }));
  const grow = (items) => add(body, items.map(row));
  grow(rows);
  const element = h("div", { class: "table-frame" }, h("table", { class: "table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.class ?? null }, column.title)))),
    body));
  return { element, grow };
}

/**
 * A list in pages: the first one, and a button for each further one. `render(items)` returns {element, grow(items)}.
 */
export function pages(element, signal, load, render, nothing, { lines = 6 } = {}) {
  return block(element, signal, () => load(null), (page) => {
    if (page.items.length === 0) return nothing();
    const list = render(page.items);
    const more = h("button", { class: "button", type: "button" }, "Show more");
    const foot = h("div", { class: "more" }, more);
    let next = page.next_cursor;
    foot.hidden = !next;
    more.addEventListener("click", async () => {
      more.disabled = true;
      foot.querySelector(".failure")?.remove();
      try {
        const following = await load(next);
        list.grow(following.items);
        next = following.next_cursor;
        foot.hidden = !next;
      } catch (error) {
        if (!signal.aborted && error.name !== "AbortError") foot.prepend(failure(error));
      }
      more.disabled = false;
    });
    return [list.element, foot];
  }, { lines });
}

/** A labelled input. Returns {element, input}. `hint` stands under it. */
export function field(label, input, hint) {
  input.id ||= `field-${++fields}`;
  const note = hint ? h("p", { class: "hint", id: `${input.id}-hint` }, hint) : null;
  if (note) input.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, note);
}

let fields = 0;

/** A list to choose from: [value, text] pairs. */
export function select(options, value = "", attributes = {}) {
  const element = h("select", attributes, options.map(([key, text]) => h("option", { value: key }, text)));
  element.value = value;
  return element;
}

/** A choice among houses; hidden where there is but one. Returns the labelled field, whose input is `.input`. */
export function houseChoice(connections, value, onChange) {
  const input = select([["", "Every house"], ...connections.map((one) => [one.id, one.name])], value ?? "");
  input.addEventListener("change", () => onChange(input.value));
  const element = field("House", input);
  element.hidden = connections.length < 2;
  element.input = input;
  return element;
}

export function button(text, onClick, { kind = "", sign = null, type = "button" } = {}) {
  return h("button", { class: `button ${kind}`, type, on: onClick ? { click: onClick } : null }, sign ? icon(sign) : null, text);
}

/** Says something in passing. */
export function toast(text) {
  const element = h("p", { class: "toast" }, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), 6000);
}

/** A form whose submission is sent once at a time, and whose failure is told in it. `send` returns a promise. */
export function form(children, send, { submit = "Save", kind = "primary", extra = null } = {}) {
  const problem = h("p", { class: "form-problem", role: "alert" });
  problem.hidden = true;
  const action = h("button", { class: `button ${kind}`, type: "submit" }, submit);
  const element = h("form", { class: "form" }, children, problem, h("div", { class: "actions" }, action, extra));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (action.disabled) return;
    action.disabled = true;
    problem.hidden = true;
    try {
      await send(element);
    } catch (error) {
      if (error.name !== "AbortError") {
        problem.textContent = error.message + (error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "");
        problem.hidden = false;
      }
    } finally {
      action.disabled = false;
    }
  });
  return element;
}
