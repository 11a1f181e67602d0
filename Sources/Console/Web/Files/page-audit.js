// The signed trail: how each chain stands, and what was written last.

import * as api from "./api.js";
import { h, put } from "./dom.js";
import { capital, count, integer, time, word } from "./format.js";
import { houses } from "./houses.js";
import { badge, block, button, empty, failure, section, table } from "./parts.js";
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
  block(element, signal, async () => {
    const [found, list] = await Promise.all([api.get("audit", {}, { signal }), houses()]);
    return { found, names: new Map(list.map((one) => [one.id, one.name])) };
  }, ({ found, names }) => [chains(found, names), rows(found)], { lines: 6 });
}

const house = (one, names) => one.connection ?? (one.connection_id ? names.get(one.connection_id) ?? one.connection_id : "every house");

function chains(found, names) {
  const list = found.chains ?? [];
  const last = found.last_checkpoint ?? found.checkpoint;
  const at = last && typeof last === "object" ? last.created_at ?? last.time ?? last.taken_at : last;
  return section("Chains", list.length === 0
    ? empty("Nothing is signed yet.", "The chains begin with the first deed after the bridge has a signing key: ha-bridge key new")
    : table("Chains of the audit trail", [
      { title: "Trail", cell: (one) => capital(word(one.table ?? one.table_name)) }, { title: "House", cell: (one) => house(one, names) },
      { title: "Rows", class: "number", cell: (one) => integer(one.sequence ?? one.rows ?? one.signed_rows) },
      { title: "Before signing", class: "number", cell: (one) => integer(one.unsigned_rows) },
      { title: "Last row", cell: (one) => time(one.updated_at, "both") },
    ], list).element,
  h("p", { class: "muted" }, "Last checkpoint: ", at ? time(at, "both") : "none yet", ". Keep copies of checkpoints on another machine: "
    + "they show what the database alone cannot."));
}

function rows(found) {
  const list = found.rows ?? found.items ?? found.last_rows ?? [];
  if (list.length === 0) return section("Last rows", empty("Nothing was done yet."));
  return section("Last rows", table("The last rows, newest first", [
    { title: "When", cell: (row) => time(row.timestamp ?? row.created_at, "seconds") },
    { title: "Deed", cell: (row) => [h("strong", {}, capital(word(row.action))), row.description ? h("span", { class: "block" }, row.description) : null,
      row.error_message ? h("span", { class: "block warn-text" }, row.error_message) : null] },
    { title: "House", cell: (row) => row.connection ?? "–" },
    { title: "By", cell: (row) => row.user ?? row.username ?? row.performed_by ?? "the bridge" },
    { title: "Result", cell: (row) => (row.success === undefined || row.success === null ? "–" : badge(row.success ? "ok" : "failed")) },
  ], list).element);
}

/** What a verification found. */
function report(found) {
  const findings = [...(found.chains ?? []).flatMap((one) => one.findings ?? []), ...(found.other_findings ?? [])];
  const signed = (found.chains ?? []).reduce((sum, one) => sum + (one.signed_rows ?? 0), 0);
  if (found.sound) {
    return h("div", { class: "card good" }, h("p", {}, badge("sound", "good"), ` As it was signed: ${count(signed, "row", "rows")} in ${count(found.chains.length, "chain", "chains")}.`),
      found.is_complete === false || found.complete === false ? h("p", { class: "muted" }, "Only a part was verified; for all of it: ha-bridge audit verify") : null);
  }
  return h("div", { class: "card bad" }, h("p", {}, badge("unsound", "bad"), " The audit trail is not as the bridge wrote it."),
    h("ul", {}, findings.map((one) => h("li", {}, one.message ?? word(one.kind)))),
    h("p", {}, "Keep the database as it is, and look with: ha-bridge audit verify"));
}
