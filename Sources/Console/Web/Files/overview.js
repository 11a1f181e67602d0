// How everything stands. The frame and the home page want to know at the same moments.

import * as api from "./api.js";

let asked = null;

/** The overview; whoever asks while an answer is on its way gets that one. */
export function overview() {
  asked ??= api.get("overview").finally(() => { asked = null; });
  return asked;
}
