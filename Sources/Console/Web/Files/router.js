// Finds the page for the part of the address behind the #, loads its module when it is first needed, and takes the old page down.

import { h, put } from "./dom.js";
import { failure } from "./parts.js";

const pages = [
  ["", "home", "Home"], ["live", "live", "Live"], ["search", "search", "Search"], ["entities", "entities", "Entities"],
  ["entity/:connection/:entity", "entity", "Entity"], ["automations", "automations", "Automations"],
  ["automation/:id", "automation", "Automation"], ["approvals", "approvals", "Approvals"],
  ["approval/:id", "approval", "Approval"], ["decisions", "decisions", "Decisions"], ["decision/:id", "decisions", "Decision"],
  ["rules", "rules", "Safety rules"], ["stops", "stops", "Emergency stop"], ["gaps", "gaps", "Gaps"],
  ["audit", "audit", "Audit"], ["account", "account", "Account"], ["sign-in", "sign-in", "Sign in"],
  ["welcome/:token", "welcome", "Welcome"], ["event/:id", "event", "Event"],
].map(([pattern, module, title]) => ({ parts: pattern.split("/"), module, title }));

/** Pages for those who are not signed in. */
const open = new Set(["sign-in", "welcome"]);

let leaving = new AbortController();

/** {page, params, query} of a hash, or null. */
export function match(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const parts = path.replace(/\/$/, "").split("/");
  for (const page of pages) {
    if (page.parts.length !== parts.length) continue;
    const params = {};
    const fits = page.parts.every((name, index) => {
      if (!name.startsWith(":")) return name === parts[index];
      try {
        params[name.slice(1)] = decodeURIComponent(parts[index]);
      } catch {
        return false;
      }
      return parts[index] !== "";
    });
    if (fits) return { page, params, query: new URLSearchParams(query) };
  }
  return null;
}

export const isOpen = (hash) => open.has(match(hash)?.page.module);

/** The address of a page: link("entity", connection, entity) or with an object of parameters at the end. */
export function link(...parts) {
  const query = typeof parts.at(-1) === "object" && parts.at(-1) !== null ? parts.pop() : null;
  const known = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(known).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function go(hash) {
  if (location.hash === hash) show();
  else location.hash = hash;
}

/** Puts parameters into the address without loading the page anew, so that a link to what one sees can be copied. */
export function remember(params) {
  const path = location.hash.split("?")[0];
  const known = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(known).toString();
  history.replaceState(null, "", `${path}${text ? `?${text}` : ""}`);
}

/** Shows the page that the address names. Focus goes to its heading, for keyboards and screen readers, but for the first one. */
export async function show({ isFirst = false } = {}) {
  leaving.abort();
  const controller = leaving = new AbortController();
  const main = document.getElementById("main");
  const found = match(location.hash);
  const heading = h("h1", { tabindex: "-1" }, found?.page.title ?? "Nothing here");
  const head = h("div", { class: "head" }, heading);
  const body = h("div", { class: "page" });
  put(main, head, body);
  main.dataset.page = found?.page.module ?? "";
  document.title = `${heading.textContent} – ha-bridge`;
  if (!isFirst) {
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
  if (!found) {
    add404(body);
    return;
  }
  const context = {
    body, head, heading, params: found.params, query: found.query, signal: controller.signal,
    setTitle(text) {
      heading.textContent = text;
      document.title = `${text} – ha-bridge`;
    },
    /** Runs `work` each `seconds` while the page is shown and seen. */
    every(seconds, work) {
      const timer = setInterval(() => { if (!document.hidden) work(); }, seconds * 1000);
      controller.signal.addEventListener("abort", () => clearInterval(timer));
    },
  };
  try {
    const module = await import(`./page-${found.page.module}.js`);
    if (!controller.signal.aborted) await module.default(context);
  } catch (error) {
    if (controller.signal.aborted || error.name === "AbortError") return;
    put(body, failure(error, () => show()));
  }
}

function add404(body) {
  put(body, h("div", { class: "empty" }, h("p", {}, "There is no such page."),
    h("p", {}, h("a", { href: "#/" }, "Go to the home page"))));
}
