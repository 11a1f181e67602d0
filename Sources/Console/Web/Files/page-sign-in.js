// Signing in.

import { h } from "./dom.js";
import { field, form } from "./parts.js";
import { signIn, session } from "./session.js";
import { go } from "./router.js";
import { passwordInput } from "./password.js";

export default function page({ body, query }) {
  const back = query.get("back");
  // Only a page of ours: whatever else stands there is left.
  const target = back?.startsWith("#/") ? back : "#/";
  if (session()) return go(target);
  const name = h("input", { autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 255 });
  const password = passwordInput("current-password");
  body.append(h("div", { class: "card narrow" },
    form([back ? h("p", { class: "muted" }, "Sign in, and you come back to where you were.") : null, field("Name", name), field("Password", password)], async () => {
      try {
        await signIn(name.value.trim(), password.value);
      } catch (error) {
        password.value = "";
        password.focus();
        throw error;
      }
      go(target);
    }, { submit: "Sign in" }),
    h("p", { class: "muted" }, "No password yet, or forgotten? On the bridge's machine: ", h("code", {}, "ha-bridge user link NAME"))));
  name.focus();
  return null;
}
