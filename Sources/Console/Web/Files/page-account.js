// One's own password, sessions and tokens.

import * as api from "./api.js";
import { h } from "./dom.js";
import { time } from "./format.js";
import { badge, block, button, empty, facts, field, form, section, select, table, toast } from "./parts.js";
import { ask } from "./dialog.js";
import { session } from "./session.js";
import { newPassword, passwordInput } from "./password.js";

export default function account({ body, signal }) {
  const person = session().user;
  const sessions = h("div");
  const tokens = h("div");
  body.append(h("div", { class: "card" }, facts([["Name", person.username], ["E-mail", person.email], ["Role", badge(person.role, "calm")]])),
    section("Password", passwordForm(person)), section("Sessions", sessions), section("Tokens for scripts", tokens));
  const again = block(sessions, signal, () => api.get("account/sessions", {}, { signal }), ({ items }) => table("Sessions", [
    { title: "Browser", cell: (one) => [browser(one.user_agent), one.is_current ? [" ", badge("this one", "good")] : null] },
    { title: "From", cell: (one) => one.address ?? "–" }, { title: "Signed in", cell: (one) => time(one.created_at) },
    { title: "Last seen", cell: (one) => time(one.last_seen_at, "ago") }, { title: "Until", cell: (one) => time(one.expires_at) },
    { title: "End", cell: (one) => (one.is_current ? "–" : h("button", { class: "button small", type: "button", on: { click: () => end(one) } }, "End …")) },
  ], items).element);
  async function end(one) {
    if (await ask({ title: "End this session?", submit: "End it", kind: "danger", text: "Whoever uses it must sign in again.",
      send: () => api.remove(`account/sessions/${api.part(one.id)}`) })) again();
  }
  drawTokens(tokens, signal);
}

function passwordForm(person) {
  const current = passwordInput("current-password");
  const fresh = newPassword();
  // The name helps password managers to find the right entry.
  const name = h("input", { type: "text", autocomplete: "username", value: person.username, hidden: true, "aria-hidden": "true" });
  const element = form([name, field("Current password", current), fresh.elements], async () => {
    await api.put("account/password", { current: current.value, new: fresh.value() });
    element.reset();
    toast("The password is changed. Your other sessions were ended.");
  }, { submit: "Change the password" });
  return h("div", { class: "card narrow" }, element);
}

/** Roughly which browser: its whole text is in the title. */
function browser(text) {
  if (!text) return "unknown";
  const name = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([mark]) => text.includes(mark))?.[1] ?? text.slice(0, 40);
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((mark) => text.includes(mark));
  return h("span", { title: text }, system ? `${name} on ${system}` : name);
}

function drawTokens(element, signal) {
  const secret = h("div", { "aria-live": "polite" });
  const list = h("div");
  element.append(secret, list, h("p", {}, button("New token", add)));
  const again = block(list, signal, () => api.get("account/tokens", {}, { signal }), ({ items }) => (items.length === 0
    ? empty("You have no tokens.", "A script sends one as Authorization: Bearer …")
    : table("Tokens", [
      { title: "Name", cell: (one) => one.name }, { title: "May", cell: (one) => (one.scopes ?? []).join(", ") },
      { title: "Made", cell: (one) => time(one.created_at) }, { title: "Last used", cell: (one) => time(one.last_used_at, "ago") },
      { title: "Until", cell: (one) => time(one.expires_at) },
      { title: "End", cell: (one) => h("button", { class: "button small", type: "button", "aria-label": `End the token ${one.name}`, on: { click: () => end(one) } }, "End …") },
    ], items).element));

  async function add() {
    let made = null;
    const canGovern = (session().scopes ?? []).includes("govern");
    const done = await ask({
      title: "A new token", submit: "Make it", text: "It can do no more than you, and ends by itself.",
      fields: [
        { name: "name", label: "Name", input: h("input", { required: true, maxlength: 100, autocomplete: "off" }), hint: "What it is for." },
        { name: "scopes", label: "It may", input: select([["read", "Read"], ...(canGovern ? [["read govern", "Read, and decide in your name"]] : [])], "read") },
        { name: "days", label: "Days until it ends", input: h("input", { type: "number", min: 1, max: 366, value: 90, required: true }) },
      ],
      async send({ name, scopes, days }) {
        made = await api.post("account/tokens", { name, scopes: scopes.split(" "), expires_in_days: Number(days) });
      },
    });
    if (!done || !made) return;
    const code = h("code", { class: "secret", tabindex: "0" }, made.secret ?? made.token);
    secret.replaceChildren(h("div", { class: "card accent" }, h("p", {}, h("strong", {}, `The token “${made.name}” is shown this once. Copy it now.`)), code,
      h("div", { class: "actions" }, button("Copy", () => copy(code)), button("I have it", () => secret.replaceChildren(), { kind: "plain" }))));
    code.focus();
    again();
  }

  async function end(one) {
    if (await ask({ title: `End the token “${one.name}”?`, submit: "End it", kind: "danger", text: "Scripts that use it are refused from then on.",
      send: () => api.remove(`account/tokens/${api.part(one.id)}`) })) again();
  }
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    toast("Copied.");
  } catch {
    // Without TLS a browser gives no clipboard: then it is selected, to be copied by hand.
    getSelection().selectAllChildren(code);
    toast("Selected: copy it with the keyboard.");
  }
}
