// A difference, line by line.

import { h } from "./dom.js";

/** So many lines stay around what is different. */
const CONTEXT = 3;
const signs = { removed: "−", added: "+" };
const tags = { removed: "del", added: "ins" };

/** `lines`: [{kind: "same" | "removed" | "added", text}]. Long stretches without a difference are folded. */
export function diff(lines, { old = "before", now = "after" } = {}) {
  if (lines.every((line) => line.kind === "same")) return h("p", { class: "muted" }, "There is no difference.");
  return h("div", { class: "diff", role: "region", "aria-label": `Difference between ${old} and ${now}`, tabindex: "0" },
    h("p", { class: "diff-head" }, h("del", {}, `− ${old}`), h("ins", {}, `+ ${now}`)),
    h("ol", {}, folded(lines).map((line) => h("li", { class: line.kind }, h("span", { class: "sign", "aria-hidden": "true" }, signs[line.kind] ?? " "),
      h(tags[line.kind] ?? "span", {}, line.text)))));
}

/** The lines with {kind: "skipped"} in the place of those that are far from any difference. */
function folded(lines) {
  const isNear = lines.map((_, index) => lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => line.kind !== "same"));
  const result = [];
  let skipped = 0;
  const close = () => {
    if (skipped > 0) result.push({ kind: "skipped", text: `… ${skipped} ${skipped === 1 ? "line" : "lines"} as before` });
    skipped = 0;
  };
  lines.forEach((line, index) => {
    if (!isNear[index]) {
      skipped += 1;
      return;
    }
    close();
    result.push(line);
  });
  close();
  return result;
}
