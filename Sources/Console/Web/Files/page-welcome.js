// The first password, by a one-time link; for the first person of all also their name.

import * as api from "./api.js";
import { h } from "./dom.js";
import { block, field, form } from "./parts.js";
import { adopt, load } from "./session.js";
import { newPassword } from "./password.js";

export default function welcome({ body, params, signal }) {
  const { token } = params;
  const card = h("div", { class: "card narrow" });
  body.append(card);
  block(card, signal, () => api.get("session/link", { token }, { signal, quiet: true }), (link) => {
    const name = h("input", { autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 100 });
    const email = h("input", { type: "email", autocomplete: "email", required: true, maxlength: 255 });
    const fresh = newPassword();
    const hidden = h("input", { type: "text", autocomplete: "username", value: link.username ?? "", hidden: true, "aria-hidden": "true" });
    return form([
      h("p", {}, link.needs_user ? "You are the first person here, and will administer this bridge." : `Choose a password for ${link.username}.`),
      link.needs_user ? [field("Name", name, "With which you sign in."), field("E-mail", email, "Kept with your name; nothing is sent.")] : hidden,
      fresh.elements,
    ], async () => {
      adopt(await api.post("session/link", {
        token, password: fresh.value(), ...(link.needs_user ? { username: name.value.trim(), email: email.value.trim() } : {}),
      }, { quiet: true }));
      await load();
      // The link is used up and does not belong into the history of the browser.
      history.replaceState(null, "", "#/");
      dispatchEvent(new HashChangeEvent("hashchange"));
    }, { submit: "Begin" });
  });
}
