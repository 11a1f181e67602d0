// A difference, line by line.

import { h } from "./dom.js";

/** `lines`: [{kind: "same" | "removed" | "added" | "skipped", text | count}]; without them, what went and what came. */
export function diff({ lines, removed = [], added = [] }, { old = "before", now = "after" } = {}) {
  const list = lines ?? [...removed.map((text) => ({ kind: "removed", text })), ...added.map((text) => ({ kind: "added", text }))];
  if (list.length === 0) return h("p", { class: "muted" }, "There is no difference.");
  return h("div", { class: "diff", role: "region", "aria-label": `Difference between ${old} and ${now}`, tabindex: "0" },
    h("p", { class: "diff-head" }, h("del", {}, `− ${old}`), h("ins", {}, `+ ${now}`)),
    h("ol", {}, list.map((line) => {
      const kind = line.kind ?? line.type;
      const text = kind === "skipped" ? `… ${line.count} ${line.count === 1 ? "line" : "lines"} as before` : line.text;
      const tag = { removed: "del", added: "ins" }[kind] ?? "span";
      return h("li", { class: kind }, h("span", { class: "sign", "aria-hidden": "true" }, { removed: "−", added: "+" }[kind] ?? " "), h(tag, {}, text));
    })));
}
