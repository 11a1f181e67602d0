// What no change may do, and what asks first.

import * as api from "./api.js";
import { h } from "./dom.js";
import { houses } from "./houses.js";
import { badge, block, button, empty, pages, select, table, toast } from "./parts.js";
import { ask } from "./dialog.js";
import { isAdmin, mayGovern } from "./session.js";
import { word } from "./format.js";

const actions = [["BLOCK", "Block it"], ["REQUIRE_APPROVAL", "Ask for approval"], ["WARN", "Warn"]];
const examples = [
  ['{"services": ["lock.*"]}', "calls a service of one of these names"], ['{"entities": ["cover.garage*"]}', "acts on one of these"],
  ['{"domains": ["lock"]}', "acts on something of these kinds"], ['{"operation": ["retire"]}', "is one of create, modify, pause, resume, retire, rollback"],
  ['{"risk": "HIGH"}', "is of this risk or a higher one"], ['{"risk_score_over": 0.5}', "its risk score, 0 to 1, is higher"],
  ['{"executions_per_day_over": 50}', "would run more often than that"], ['{"templated": true}', "a template decides what it does"],
  ['{"all": [ … ]}, {"any": [ … ]}, {"not": { … }}', "joins conditions"],
];

export default function rules({ body, head, signal }) {
  const list = h("div");
  body.append(h("p", { class: "lead" }, "Tried in this order for every change that is proposed. What a rule blocks, the database itself refuses."), list);
  let connections = [];
  const again = pages(list, signal, async (cursor) => {
    connections = await houses();
    return api.get("rules", { limit: 100, cursor }, { signal });
  }, (items) => table("Safety rules, in the order in which they are tried", columns(), items),
  () => empty("There are no rules.", "Without one, what the risk of a change asks for decides alone."));
  if (mayGovern()) head.append(h("div", { class: "head-actions" }, button("Add a rule", () => edit(null), { kind: "primary" })));

  function columns() {
    return [
      { title: "Rule", cell: (rule) => [h("strong", {}, rule.name), rule.description ? h("span", { class: "muted block" }, rule.description) : null] },
      { title: "Does", cell: (rule) => badge(rule.action) },
      { title: "When a change", cell: (rule) => h("code", { class: "condition" }, JSON.stringify(rule.condition)) },
      { title: "For", cell: (rule) => rule.connection ?? "every house" },
      { title: "Priority", class: "number", cell: (rule) => rule.priority },
      { title: "Active", cell: (rule) => (rule.active ? "yes" : badge("switched off", "calm")) },
      ...(mayGovern() ? [{ title: "Change", cell: (rule) => (rule.connection || isAdmin() ? h("span", { class: "actions" },
        small("Change …", rule, () => edit(rule)), small("Remove …", rule, () => drop(rule))) : "–") }] : []),
    ];
  }

  const small = (text, rule, work) => h("button", { class: "button small", type: "button", "aria-label": `${text.replace(" …", "")} the rule ${rule.name}`, on: { click: work } }, text);

  async function edit(rule) {
    const input = (value, attributes) => h("input", { value: value ?? "", autocomplete: "off", ...attributes });
    const house = select([...(isAdmin() ? [["", "Every house"]] : []), ...connections.map((one) => [one.id, one.name])],
      isAdmin() ? "" : connections[0]?.id ?? "");
    const active = h("input", { type: "checkbox" });
    active.checked = rule?.active ?? true;
    const condition = h("textarea", { rows: 4, class: "mono", required: true, spellcheck: "false", maxlength: 10000 });
    condition.value = rule ? JSON.stringify(rule.condition, null, 1) : '{"services": ["lock.*"]}';
    const done = await ask({
      title: rule ? `Change “${rule.name}”` : "Add a rule", submit: rule ? "Save" : "Add",
      text: h("details", { class: "explain" }, h("summary", {}, "What a condition can say"),
        h("dl", { class: "examples" }, examples.map(([code, text]) => h("div", {}, h("dt", {}, h("code", {}, code)), h("dd", {}, text))))),
      fields: [
        ...(rule ? [] : [{ name: "name", label: "Name", input: input("", { required: true, maxlength: 60 }) }, { name: "connection", label: "For", input: house }]),
        { name: "action", label: "What it does", input: select(actions, rule?.action ?? "REQUIRE_APPROVAL") },
        { name: "condition", label: "When a change …", input: condition, hint: "A JSON object; all that stands in it must hold. {} is every change." },
        { name: "description", label: "Why", input: input(rule?.description, { maxlength: 250 }), hint: "In your own words; may be left empty." },
        { name: "priority", label: "Priority", input: input(rule?.priority ?? 100, { type: "number", min: 1, max: 1000000, required: true }), hint: "Rules with a lower number are tried first." },
        ...(rule ? [{ name: "active", label: "Active", input: active }] : []),
      ],
      send: (values) => save(rule, values),
    });
    if (!done) return;
    toast(rule ? "The rule is changed." : "The rule holds from now on.");
    again();
  }

  async function drop(rule) {
    const done = await ask({
      title: `Remove “${rule.name}”?`, submit: "Remove", kind: "danger",
      text: `From then on nothing ${word(rule.action)} because of it. To keep it for later, switch it off instead.`,
      send: () => api.remove(`rules/${api.part(rule.id)}`),
    });
    if (!done) return;
    toast("The rule is removed.");
    again();
  }
  block(h("div"), signal, houses, (found) => { connections = found; });
}

async function save(rule, values) {
  let condition;
  try {
    condition = JSON.parse(values.condition);
  } catch (error) {
    throw new api.ApiError(0, "invalid", `The condition is no JSON: ${error.message}`);
  }
  const body = { action: values.action, condition, description: values.description || null, priority: Number(values.priority) };
  if (rule) return api.patch(`rules/${api.part(rule.id)}`, { ...body, active: values.active });
  return api.post("rules", { ...body, name: values.name, connection: values.connection || null });
}
