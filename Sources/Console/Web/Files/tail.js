// The stream of events: opens it, opens it again when it breaks, and hands events on in groups.

import * as api from "./api.js";

const GROUP = 200;

/**
 * Opens the stream with a filter ({connection, entity, type}). `told`: events([event]), oldest first; lost(number);
 * state("opening" | "open" | "waiting"). Returns {close()}.
 */
export function openTail(filter, told) {
  let source = null;
  let timer = null;
  let wait = 1;
  let group = [];
  let flusher = null;
  let isClosed = false;

  function open() {
    told.state(wait === 1 ? "opening" : "waiting");
    source = new EventSource(api.address("events/stream", filter));
    source.addEventListener("open", () => {
      wait = 1;
      told.state("open");
    });
    source.addEventListener("event", take);
    source.addEventListener("lost", (event) => {
      const number = read(event.data)?.count ?? 0;
      if (number > 0) told.lost(number);
    });
    source.addEventListener("error", () => {
      // A browser that reconnects by itself does so at once and for ever; we wait longer each time, and look whether we may.
      source.close();
      if (isClosed) return;
      told.state("waiting");
      timer = setTimeout(again, wait * 1000);
      wait = Math.min(30, wait * 2);
    });
  }

  async function again() {
    try {
      await api.get("session");
    } catch (error) {
      if (error.status === 401) return;
    }
    if (!isClosed) open();
  }

  function take(event) {
    const found = read(event.data);
    if (!found) return;
    group.push(found);
    // Rows are drawn a few times a second, however many come.
    flusher ??= setTimeout(flush, GROUP);
  }

  function flush() {
    flusher = null;
    const events = group;
    group = [];
    if (!isClosed) told.events(events);
  }

  open();
  return {
    close() {
      isClosed = true;
      source?.close();
      clearTimeout(timer);
      clearTimeout(flusher);
    },
  };
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
