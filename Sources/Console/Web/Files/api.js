// Speaks with /api/v1. Everything that goes wrong becomes an ApiError with a sentence for a person.

const base = new URL("api/v1/", document.baseURI.split("#")[0]);
let token = null;
let isReachable = true;
let isAsking = false;
/** Answers that early.js has asked for, by path. */
const early = window.early ?? new Map();

/** Tells `signed-out`, `unreachable` and `reachable`. */
export const network = new EventTarget();

/** What went wrong: `status` 0 where there was no answer, `code` a word of a closed set. */
export class ApiError extends Error {
  constructor(status, code, detail, retryAfter = null) {
    super(detail);
    Object.assign(this, { status, code, retryAfter });
  }
}

/** The token that unsafe requests carry. */
export function setToken(text) { token = text ?? null; }

/** Lets go of what was asked for early: it is of another person, or of a moment ago. */
export const forgetEarly = () => early.clear();

/** An answer that is on its way already, once. */
function takeEarly(method, path, params) {
  if (method !== "GET" || (params && Object.keys(params).length)) return null;
  const answer = early.get(path) ?? null;
  early.delete(path);
  return answer;
}

/** The address of an endpoint with its parameters; those that are empty are left out. */
export function address(path, params = {}) {
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url.href;
}

/** Escapes one part of a path. */
export const part = (text) => encodeURIComponent(text);

export const get = (path, params, options) => send("GET", path, { params, ...options });
export const post = (path, body = {}, options) => send("POST", path, { body, ...options });
export const put = (path, body = {}, options) => send("PUT", path, { body, ...options });
export const patch = (path, body = {}, options) => send("PATCH", path, { body, ...options });
export const remove = (path, options) => send("DELETE", path, options);

/** Sends a request and reads the JSON of the answer; null where there is none. `quiet`: a 401 is the caller's own matter. */
async function send(method, path, { params, body, signal, quiet = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET" && token) headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await (takeEarly(method, path, params) ?? fetch(address(path, params), {
      method, headers, signal, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    }));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    lose();
    throw new ApiError(0, "unreachable", "The bridge does not answer. This page tries again by itself.");
  }
  find();
  if (response.ok) return response.status === 204 ? null : read(response, signal);
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && !quiet) network.dispatchEvent(new Event("signed-out"));
  const seconds = Number(response.headers.get("Retry-After"));
  throw new ApiError(response.status, problem.code ?? "unknown",
    problem.detail ?? `The bridge answered ${response.status}.`, Number.isFinite(seconds) && seconds > 0 ? seconds : null);
}

async function read(response, signal) {
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw new DOMException("left", "AbortError");
    throw new ApiError(0, "unreadable", "The answer broke off before its end. Try again.");
  }
}

function lose() {
  if (isReachable) {
    isReachable = false;
    network.dispatchEvent(new Event("unreachable"));
  }
  if (!isAsking) knock(1);
}

function find() {
  if (isReachable) return;
  isReachable = true;
  network.dispatchEvent(new Event("reachable"));
}

/** Asks until somebody answers: after 1, 2, 4, 8, 10, 10 … seconds. */
async function knock(seconds) {
  isAsking = true;
  while (!isReachable) {
    await new Promise((done) => setTimeout(done, seconds * 1000));
    seconds = Math.min(10, seconds * 2);
    // Whatever answers shows that the way is open, 401 as well.
    await fetch(address("session"), { cache: "no-store" }).then(find, () => {});
  }
  isAsking = false;
}
