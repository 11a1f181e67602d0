// The signed trail: how each chain stands, and what was written last.

import * as api from "./api.js";
import { h, put } from "./dom.js";
import { capital, count, integer, time, word } from "./format.js";
import { houses } from "./houses.js";
import { badge, button, empty, failure, pages, section, table } from "./parts.js";
import { mayGovern } from "./session.js";

export default function audit({ body, head, signal }) {
  const verdict = h("div", { role: "status", "aria-live": "polite" });
  const element = h("div");
  body.append(h("p", { class: "lead" }, "What was done, by whom, and whether it is still as it was written: each row is signed and "
    + "holds the digest of the one before it."), verdict, element);
  if (mayGovern()) {
    const action = button("Verify now", async () => {
      action.disabled = true;
      put(verdict, h("p", { class: "muted" }, "Verifying the signatures …"));
      try {
        put(verdict, report(await api.post("audit/verify", {}, { signal })));
      } catch (error) {
        if (error.name !== "AbortError") put(verdict, failure(error));
      }
      action.disabled = false;
    }, { kind: "primary" });
    head.append(h("div", { class: "head-actions" }, action));
  }
  const heads = h("div");
  const rows = h("div");
  element.append(heads, section("Last rows", rows));
  let names = new Map();
  pages(rows, signal, async (cursor) => {
    const [found, list] = await Promise.all([api.get("audit", { limit: 30, cursor }, { signal }), houses()]);
    names = new Map(list.map((one) => [one.id, one.name]));
    if (!cursor) put(heads, chains(found, names));
    return found;
  }, (items) => table("The last rows, newest first", columns(names), items), () => empty("Nothing was done yet."));
}

const house = (one, names) => (one.connection_id ? names.get(one.connection_id) ?? one.connection_id : "–");

const trails = { automation_audit_trail: "Automations", ai_decision_audit: "Decisions", home_assistant_audit_log: "Connections and accounts" };

function chains(found, names) {
  const list = found.chains;
  const last = found.last_checkpoint;
  const at = last?.created_at;
  return section("Chains", list.length === 0
    ? empty("Nothing is signed yet.", "The chains begin with the first deed after the bridge has a signing key: ha-bridge key new")
    : table("Chains of the audit trail", [
      { title: "Trail", cell: (one) => trails[one.table] ?? word(one.table) }, { title: "House", cell: (one) => house(one, names) },
      { title: "Rows", class: "number", cell: (one) => integer(one.sequence) },
      { title: "Before signing", class: "number", cell: (one) => integer(one.unsigned_rows) },
      { title: "Last row", cell: (one) => time(one.updated_at, "both") },
    ], list).element,
  h("p", { class: "muted" }, "Last checkpoint: ", at ? time(at, "both") : "none yet", ". Keep copies of checkpoints on another machine: "
    + "they show what the database alone cannot."));
}

function columns(names) {
  return [
    { title: "When", cell: (row) => time(row.time, "seconds") },
    { title: "Deed", cell: (row) => [h("strong", {}, capital(word(row.action))), row.description ? h("span", { class: "block" }, row.description) : null,
      h("span", { class: "muted" }, trails[row.table] ?? word(row.table))] },
    { title: "House", cell: (row) => house(row, names) },
    { title: "By", cell: (row) => row.user ?? "the bridge" },
    { title: "Result", cell: (row) => badge(row.success ? "ok" : "failed") },
  ];
}

/** What a verification found. */
function report(found) {
  const findings = [...(found.chains ?? []).flatMap((one) => one.findings ?? []), ...(found.other_findings ?? [])];
  const signed = (found.chains ?? []).reduce((sum, one) => sum + (one.signed_rows ?? 0), 0);
  if (found.sound) {
    return h("div", { class: "card good" }, h("p", {}, badge("sound", "good"), ` As it was signed: ${count(signed, "row", "rows")} in ${count(found.chains.length, "chain", "chains")}.`),
      h("p", { class: "muted" }, `${count(found.checkpoints, "checkpoint", "checkpoints")} held against them.`));
  }
  return h("div", { class: "card bad" }, h("p", {}, badge("unsound", "bad"), " The audit trail is not as the bridge wrote it."),
    h("ul", {}, findings.map((one) => h("li", {}, one.message ?? word(one.kind)))),
    h("p", {}, "Keep the database as it is, and look with: ha-bridge audit verify"));
}
