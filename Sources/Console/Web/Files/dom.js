// Builds elements. Every text goes in as a text node, so nothing that a house calls itself is ever read as markup.

// The name of a language, which nothing is loaded from.
const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Props: class, on ({event: listener}), data ({name: value}), any attribute; null and false leave one out. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element. */
export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value" && "value" in element && element.tagName !== "OPTION") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

/** Appends elements, texts and numbers; lists are flattened, null and false are nothing. */
export function add(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Puts new children in place of the old ones. */
export function put(element, ...children) {
  element.replaceChildren();
  return add(element, ...children);
}

/** Draws what `draw(width)` gives into `element`, and again whenever the element has become wider or narrower. */
export function drawAtWidth(element, draw, signal) {
  let drawn = 0;
  const observer = new ResizeObserver(() => requestAnimationFrame(() => {
    const width = Math.max(280, Math.round(element.clientWidth));
    if (width === drawn || !element.isConnected) return;
    drawn = width;
    put(element, draw(width));
  }));
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
}

let last = 0;

/** An id that no other element has. */
export const newID = (prefix) => `${prefix}-${++last}`;

/** Whether the viewer asked for less motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
