// Inputs for passwords.

import { h } from "./dom.js";
import { field } from "./parts.js";

const LEAST = 12;

export const passwordInput = (autocomplete) => h("input", { type: "password", autocomplete, required: true, maxlength: 1024 });

/** A new password, typed twice: {elements, value()}. The browser says so where the two differ. */
export function newPassword() {
  const first = passwordInput("new-password");
  const second = passwordInput("new-password");
  first.minLength = LEAST;
  const compare = () => second.setCustomValidity(first.value === second.value ? "" : "The two are not the same.");
  first.addEventListener("input", compare);
  second.addEventListener("input", compare);
  return {
    elements: [field("New password", first, `At least ${LEAST} characters; three or four words that do not belong together are good.`), field("Once more", second)],
    value: () => first.value,
  };
}
