// Who looks at this page.

import * as api from "./api.js";

let current = null;

/** The person, their rights, and until when: {user: {id, username, email, role}, scopes, csrf_token, expires_at}, or null. */
export const session = () => current;

/** Whether the person may decide: observers and tokens that only read may not. */
export const mayGovern = () => current !== null && current.user?.role !== "observer"
  && (!Array.isArray(current.scopes) || current.scopes.includes("govern"));

export const isAdmin = () => current?.user?.role === "admin";

/** Asks who is signed in. */
export async function load() {
  try {
    adopt(await api.get("session", {}, { quiet: true }));
  } catch (error) {
    if (error.status !== 401) throw error;
    adopt(null);
  }
  return current;
}

/** Takes the answer of a sign-in. */
export function adopt(answer) {
  current = answer?.user ? answer : null;
  api.setToken(current?.csrf_token);
  try {
    // For early.js, which cannot see the cookie.
    if (current) localStorage.setItem("ha-bridge-signed-in", "1");
    else localStorage.removeItem("ha-bridge-signed-in");
  } catch {
    // A browser that keeps nothing waits a little longer.
  }
}

export async function signIn(username, password) {
  adopt(await api.post("session", { username, password }, { quiet: true }));
  // The answer to a sign-in leaves out what the session may do.
  return load();
}

export async function signOut() {
  try {
    await api.remove("session", { quiet: true });
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  adopt(null);
}
