// Makes elements. Text is always text here, never markup.

export const byId = (id) => document.getElementById(id);

/** An element with attributes, listeners (`onclick`), properties (`.checked`) and children. */
export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name.startsWith('.')) made[name.slice(1)] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
};

/** A little square in a colour. */
export const swatch = (colour) => {
  const made = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  // The content security policy allows no style attributes, but this is none.
  made.style.background = colour;
  return made;
};
