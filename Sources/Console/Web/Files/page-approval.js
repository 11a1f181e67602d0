// One proposal: what it would change, how risky that is and why, who decides.

import * as api from "./api.js";
import { h } from "./dom.js";
import { time, word } from "./format.js";
import { badge, block, button, empty, facts, section, table, toast } from "./parts.js";
import { ask, reasonInput } from "./dialog.js";
import { mayGovern } from "./session.js";
import { automationLink } from "./score.js";
import { assessment } from "./assessment.js";
import { diff } from "./diff.js";
import { kindText, riskBadge } from "./page-approvals.js";
import { link } from "./router.js";

export default function approval({ body, params, signal, setTitle, every }) {
  const path = `approvals/${api.part(params.id)}`;
  const element = h("div", { class: "stack" });
  body.append(element);
  let isMoving = false;
  const refresh = block(element, signal, () => api.get(path, {}, { signal }), (found) => {
    setTitle(found.description);
    isMoving = found.status === "APPROVED" && (found.operations).every((one) => !one.completed_at);
    return portrait(found, path, () => refresh());
  }, { lines: 10 });
  // A change that is carried out is followed to its end; a proposal that is being read does not move under the reader's eyes.
  every(3, () => { if (isMoving) refresh(); });
}

function portrait(found, path, again) {
  const parts = assessment(found.assessment);
  return [
    h("div", { class: "now" }, badge(found.status), riskBadge(found.risk_level), h("span", {}, kindText(found)),
      found.automation ? h("span", {}, automationLink(found.automation_id, found.automation)) : null),
    decided(found),
    h("div", { class: "split" },
      h("div", { class: "card" }, h("h2", {}, "What it is about"), facts([
        ["House", found.connection], ["Proposed", h("span", {}, time(found.created_at, "both"), " by ", found.created_by ?? "the bridge")],
        ["Why", found.reason], ["Needs", found.needs], ["Expires", found.expires_at ? time(found.expires_at, "both") : null],
        ["From decision", found.decision_id ? h("a", { href: link("decision", found.decision_id) }, "the decision behind it") : null],
        ["Digest", found.proposal_digest ? h("code", { class: "digest" }, found.proposal_digest) : null],
      ])),
      h("div", { class: "card" }, h("h2", {}, "Risk"), parts.length ? parts : h("p", { class: "muted" }, "Nothing was noted about its risk."))),
    section("What would change", change(found)),
    votes(found.approvers),
    operations(found.operations),
    actions(found, path, again),
  ];
}

function decided(found) {
  if (found.status === "REJECTED") {
    return h("p", { class: "lead" }, "Rejected ", time(found.rejected_at, "both"), found.rejected_by ? ` by ${found.rejected_by}` : "",
      found.rejection_reason ? `: ${found.rejection_reason}` : ".");
  }
  if (found.status === "APPROVED") {
    return h("p", { class: "lead" }, "Approved ", time(found.approved_at, "both"), found.approved_by ? ` by ${found.approved_by}.` : ".");
  }
  return found.own_vote === "APPROVED" ? h("p", { class: "lead" }, "You have approved it; others have yet to decide.") : null;
}

function change(found) {
  const { kind, lines } = found.diff;
  if (lines.length === 0) return empty("The configuration stays as it is.", changes[kind] ?? "");
  const old = found.base_version ? `version ${found.base_version}` : "nothing before it";
  return [found.base_version && found.is_exact_base === false
    ? h("p", { class: "advice" }, "The proposal was made against another version than the newest stored one; what is shown is the difference to that.") : null,
  diff(lines, { old, now: found.type === "RETIREMENT" ? "deleted" : "proposed" })];
}

const changes = { pause: "The automation is switched off.", resume: "The automation is switched on." };

function votes(list) {
  if (list.length === 0) return null;
  return section("Who decides", table("Votes", [
    { title: "Who", cell: (vote) => vote.user ?? "(erased)" }, { title: "Level", class: "number", cell: (vote) => vote.level },
    { title: "Vote", cell: (vote) => badge(vote.status) }, { title: "When", cell: (vote) => time(vote.voted_at) },
    { title: "Comment", cell: (vote) => vote.comments ?? "–" },
  ], list).element);
}

function operations(list) {
  if (list.length === 0) return null;
  return section("Carried out", table("Operations", [
    { title: "Began", cell: (one) => time(one.initiated_at, "seconds") }, { title: "Ended", cell: (one) => time(one.completed_at, "seconds") },
    { title: "State", cell: (one) => badge(one.status) }, { title: "Step", cell: (one) => word(one.step) }, { title: "Error", cell: (one) => one.error_message ?? "–" },
  ], list).element);
}

function actions(found, path, again) {
  if (!mayGovern()) return found.status === "PENDING" ? h("p", { class: "muted" }, "You may look at it, not decide it.") : null;
  const isPending = found.status === "PENDING";
  // What is being carried out cannot be taken back here any more.
  if (!isPending && (found.status !== "APPROVED" || found.operations.length > 0)) return null;
  const approve = async () => {
    const done = await ask({
      title: "Approve this change?", submit: "Approve", kind: "primary",
      text: ["You approve exactly what is shown here. If it has changed since, nothing is approved.",
        h("p", { class: "digest-line" }, "Digest ", h("code", { class: "digest" }, found.proposal_digest))],
      fields: [{ name: "comment", label: "Comment", input: reasonInput({ required: null }), hint: "May be left empty." }],
      send: ({ comment }) => api.post(`${path}/approve`, { digest: found.proposal_digest, comment: comment || null }),
    });
    finish(done, "Approved.");
  };
  const reject = async () => {
    const done = await ask({
      title: "Reject this change?", submit: "Reject", kind: "danger", text: "It is not carried out. Who proposed it reads your reason.",
      fields: [{ name: "reason", label: "Why", input: reasonInput() }], send: ({ reason }) => api.post(`${path}/reject`, { reason }),
    });
    finish(done, "Rejected.");
  };
  const cancel = async () => {
    const done = await ask({
      title: "Withdraw this proposal?", submit: "Withdraw", kind: "danger", text: "Nobody needs to decide it any more.",
      fields: [{ name: "reason", label: "Why", input: reasonInput() }], send: ({ reason }) => api.post(`${path}/cancel`, { reason }),
    });
    finish(done, "Withdrawn.");
  };
  const finish = (done, text) => {
    if (done) {
      toast(text);
      document.dispatchEvent(new Event("decided"));
    }
    again();
  };
  return h("div", { class: "deeds", role: "group", "aria-label": "Decide" },
    isPending && found.own_vote !== "APPROVED" ? button("Approve …", approve, { kind: "primary" }) : null, isPending ? button("Reject …", reject, { kind: "danger" }) : null,
    button("Withdraw …", cancel, { kind: "plain" }));
}
