// What stands around the pages: navigation, theme, notices.

import { h, put } from "./dom.js";
import { icon } from "./icons.js";
import { network } from "./api.js";
import { session, signOut } from "./session.js";
import { button, toast } from "./parts.js";
import { match, go } from "./router.js";

const entries = [
  ["home", "Home", "", 1], ["live", "Live", "live", 1], ["search", "Search", "search", 1], ["entities", "Entities", "entities"],
  ["automations", "Automations", "automations"], ["approvals", "Approvals", "approvals", 1], ["decisions", "Decisions", "decisions"],
  ["rules", "Safety rules", "rules"], ["audit", "Audit", "audit"], ["account", "Account", "account"],
];
/** Which entry a page belongs to that has none of its own. */
const parents = { entity: "entities", automation: "automations", approval: "approvals", event: "live", gaps: "home", stops: "home" };

const byID = (id) => document.getElementById(id);

/** Draws everything around the page for whoever is signed in, or nothing of it for nobody. */
export function drawShell() {
  const person = session()?.user;
  document.body.classList.toggle("is-guest", !person);
  drawTop(person);
  drawNavigation(person);
  mark();
}

function drawTop(person) {
  put(byID("top"),
    h("a", { class: "brand", href: person ? "#/" : "#/sign-in", "aria-label": "ha-bridge, home page" }, icon("bridge"),
      h("span", {}, "ha-bridge")),
    themeSwitch(),
    person ? h("a", { class: "person", href: "#/account", title: `${person.username} (${person.role})` }, icon("account"),
      h("span", {}, person.username)) : null);
}

function drawNavigation(person) {
  const nav = byID("nav");
  nav.hidden = !person;
  if (!person) return put(nav);
  const list = h("ul", {}, entries.map(([sign, text, path, isMain]) => h("li", { class: isMain ? "is-main" : null },
    h("a", { href: `#/${path}`, data: { page: path || "home" } }, icon(sign), h("span", {}, text),
      path === "approvals" ? h("b", { class: "count", id: "approvals-count", hidden: true }) : null))));
  const more = h("button", { class: "nav-more", type: "button", "aria-expanded": "false", "aria-controls": "nav" }, icon("more"),
    h("span", {}, "More"));
  more.addEventListener("click", () => toggle(!nav.classList.contains("is-open")));
  nav.addEventListener("click", (event) => { if (event.target.closest("a")) toggle(false); });
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.classList.contains("is-open")) return;
    toggle(false);
    more.focus();
  });
  function toggle(isOpen) {
    nav.classList.toggle("is-open", isOpen);
    more.setAttribute("aria-expanded", String(isOpen));
  }
  return put(nav, list, h("div", { class: "nav-foot" }, button("Sign out", leave, { kind: "plain" })), more);
}

async function leave() {
  try {
    await signOut();
  } catch (error) {
    toast(`You are still signed in: ${error.message}`);
    return;
  }
  go("#/sign-in");
}

/** Marks the entry of the page that is shown. */
export function mark() {
  const module = match(location.hash)?.page.module;
  const name = parents[module] ?? module;
  for (const anchor of document.querySelectorAll("#nav a")) {
    if (anchor.dataset.page === name) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

/** How many proposals wait, beside the entry. */
export function setWaiting(number) {
  const element = byID("approvals-count");
  if (!element) return;
  element.hidden = !number;
  element.textContent = number || "";
  if (number) element.setAttribute("aria-label", `${number} waiting`);
}

const themes = [["auto", "auto", "Like the system"], ["light", "sun", "Light"], ["dark", "moon", "Dark"]];

function themeSwitch() {
  const current = () => document.documentElement.dataset.theme ?? "auto";
  const element = h("button", { class: "icon-button", type: "button" });
  const draw = () => {
    const [, sign, text] = themes.find(([name]) => name === current());
    element.title = `Colours: ${text}`;
    element.setAttribute("aria-label", `Colours: ${text}. Press to change.`);
    put(element, icon(sign));
  };
  element.addEventListener("click", () => {
    const next = themes[(themes.findIndex(([name]) => name === current()) + 1) % themes.length][0];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("ha-bridge-theme", next);
    } catch {
      // Kept for this page alone.
    }
    draw();
  });
  draw();
  return element;
}

const notices = new Map();

/** Shows a bar above everything, or takes it away: `content` null. */
export function notice(name, content, tone = "warn") {
  notices.get(name)?.remove();
  notices.delete(name);
  if (!content) return;
  const element = h("div", { class: `notice ${tone}` }, content);
  notices.set(name, element);
  byID("notices").append(element);
}

network.addEventListener("unreachable", () =>
  notice("network", h("p", {}, "The bridge does not answer. What you see may be old; this page tries again by itself.")));
network.addEventListener("reachable", () => {
  notice("network", null);
  toast("The bridge answers again.");
});
