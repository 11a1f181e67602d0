// Asks before a deed.

import { h } from "./dom.js";
import { button, field, form } from "./parts.js";

/**
 * Opens a dialog and returns a promise: true when `send(values)` succeeded, false when it was left. Fields: {name, label, input, hint}.
 * A deed that fails keeps the dialog open and tells why.
 */
export function ask({ title, text, fields = [], submit, kind = "primary", send }) {
  return new Promise((done) => {
    const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title" });
    let hasSucceeded = false;
    const cancel = button("Cancel", () => dialog.close(), { kind: "plain" });
    const content = form([
      h("h2", { id: "dialog-title" }, title),
      (Array.isArray(text) ? text : [text]).filter(Boolean).map((one) => (one instanceof Node ? one : h("p", {}, one))),
      fields.map((one) => field(one.label, one.input, one.hint)),
    ], async () => {
      const values = Object.fromEntries(fields.map((one) => [one.name, read(one.input)]));
      await send(values);
      hasSucceeded = true;
      dialog.close();
    }, { submit, kind, extra: cancel });
    dialog.append(content);
    dialog.addEventListener("close", () => {
      removeEventListener("hashchange", leave);
      dialog.remove();
      done(hasSucceeded);
    });
    // Who goes to another page, or is sent to the form to sign in, has left it.
    const leave = () => dialog.close();
    addEventListener("hashchange", leave);
    document.body.append(dialog);
    dialog.showModal();
    (fields[0]?.input ?? cancel).focus();
  });
}

function read(input) {
  if (input.type === "checkbox") return input.checked;
  return input.value.trim();
}

/** An area for a sentence that must be given. */
export const reasonInput = (attributes = {}) => h("textarea", { rows: 3, required: true, maxlength: 250, ...attributes });
