// Light and dark: as the system has it, until somebody chooses. The colours that are drawn, rather than styled.

import { byId } from './element.js';

const KEY = 'theme';
const system = matchMedia('(prefers-color-scheme: dark)');

// Told apart by hue and by lightness, also with a red-green weakness, and at 3:1 or more against the ground.
const SERIES = {
  light: ['#0068b3', '#c2410c', '#00795c', '#a8329a', '#8a5d00', '#4f46b8', '#0b7285', '#b3261e'],
  dark: ['#5cb3ff', '#ff9460', '#3fd0a4', '#f08be0', '#e6b450', '#a5a0ff', '#4fd0e0', '#ff8a80'],
};

export const theme = () => localStorage.getItem(KEY) ?? (system.matches ? 'dark' : 'light');

export const colour = (slot) => SERIES[theme()][slot % 8];

/** A colour of the style sheet. */
export const styled = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Starts with the right theme and calls `changed` whenever it becomes another. */
export const watchTheme = (changed) => {
  const apply = () => {
    document.documentElement.dataset.theme = theme();
    byId('theme').textContent = theme() === 'dark' ? 'Light' : 'Dark';
    byId('theme').setAttribute('aria-label', `Switch to the ${theme() === 'dark' ? 'light' : 'dark'} theme`);
  };
  apply();
  system.addEventListener('change', () => { apply(); changed(); });
  byId('theme').addEventListener('click', () => {
    localStorage.setItem(KEY, theme() === 'dark' ? 'light' : 'dark');
    apply();
    changed();
  });
};
