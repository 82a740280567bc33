/** Making elements. Text goes in as text nodes only: nothing that was said or named can become markup. */

type Child = Node | string | null | undefined | false;

interface Options {
  class?: string;
  text?: string;
  title?: string;
  dir?: "auto";
  attributes?: Record<string, string>;
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: Options = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (options.class !== undefined) element.className = options.class;
  if (options.text !== undefined) element.textContent = options.text;
  if (options.title !== undefined) element.title = options.title;
  if (options.dir !== undefined) element.dir = options.dir;
  for (const [name, value] of Object.entries(options.attributes ?? {})) element.setAttribute(name, value);
  for (const [name, listener] of Object.entries(options.on ?? {})) {
    element.addEventListener(name, listener as EventListener);
  }
  element.append(
    ...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A button with words. */
export function button(text: string, click: () => void, options: Options = {}): HTMLButtonElement {
  return el("button", {
    ...options,
    text,
    attributes: { type: "button", ...options.attributes },
    on: { ...options.on, click },
  });
}

/** A section with a heading that names it. */
export function section(id: string, heading: string, ...children: Child[]): HTMLElement {
  const title = el("h2", { text: heading, attributes: { id: `${id}-heading` } });
  return el("section", { attributes: { id, "aria-labelledby": `${id}-heading` } }, title, ...children);
}

/** Sets a custom property of an element's style; a style attribute would be refused by the page's own policy. */
export function paint<T extends HTMLElement>(element: T, properties: Record<string, string>): T {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
  return element;
}
