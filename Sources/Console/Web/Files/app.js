// Begins: finds out who looks, draws the frame, and follows the address.

import * as api from "./api.js";
import { overview } from "./overview.js";
import { load, session } from "./session.js";
import { go, isOpen, link, match, show } from "./router.js";
import { drawShell, mark, setWaiting } from "./shell.js";
import { showStops, stops } from "./stops.js";
import { refreshTimes } from "./format.js";
import { failure } from "./parts.js";
import { put } from "./dom.js";

/** For whom the frame was drawn: undefined for nobody, null before the first time. */
let drawnFor = null;

/** Home is shown over and over; what it asks is asked once for all. */
async function glance({ isNew = false } = {}) {
  if (!session()) return showStops([]);
  try {
    const found = await overview({ isNew });
    showStops(found.emergency_stops);
    setWaiting(found.approvals.pending);
  } catch {
    // The bar tells of a lost connection; the pages tell the rest.
  }
}

function follow(options) {
  if (!session() && !isOpen(location.hash)) {
    const back = match(location.hash)?.page.module ? location.hash : "";
    history.replaceState(null, "", link("sign-in", { back: back && back !== "#/" ? back : null }));
  }
  if (drawnFor !== session()?.user) {
    drawnFor = session()?.user;
    drawShell();
  }
  mark();
  show(options);
}

api.network.addEventListener("signed-out", () => {
  if (isOpen(location.hash)) return;
  const back = location.hash;
  load().catch(() => {}).then(() => {
    if (session()) return;
    showStops([]);
    go(link("sign-in", { back }));
  });
});
addEventListener("hashchange", () => {
  api.forgetEarly();
  follow();
  glance();
});
stops.addEventListener("changed", () => glance({ isNew: true }));
document.addEventListener("decided", () => glance({ isNew: true }));
document.addEventListener("visibilitychange", () => { if (!document.hidden) glance(); });
setInterval(() => { if (!document.hidden) glance(); }, 15_000);
setInterval(refreshTimes, 15_000);
document.getElementById("skip").addEventListener("click", (event) => {
  // The address belongs to the pages.
  event.preventDefault();
  document.getElementById("main").focus();
});

async function begin() {
  try {
    await load();
  } catch (error) {
    put(document.getElementById("main"), failure(error, begin));
    api.network.addEventListener("reachable", begin, { once: true });
    return;
  }
  if (!session()) api.forgetEarly();
  follow({ isFirst: true });
  glance();
}

begin();
