// The connections one may see; asked for once a minute.

import * as api from "./api.js";
import { session } from "./session.js";

let known = null;

/** [{id, name, …}], by name. */
export async function houses() {
  const user = session()?.user?.id;
  if (!known || known.user !== user || Date.now() - known.at > 60_000) {
    const answer = await api.get("connections");
    known = { user, at: Date.now(), list: answer.items };
  }
  return known.list;
}
