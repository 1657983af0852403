// What is drawn as one PNG, with names, so that it can go into a report.

import { byId } from './element.js';
import { when } from './text.js';
import { styled } from './theme.js';
import { view } from './view.js';

const TITLE = 34;
const CAPTION = 24;
const EDGE = 14;

/** Draws all lanes below each other. */
const canvasOf = (lanes, span, ratio) => {
  const pictures = lanes.map((lane) => [lane.caption, lane.canvas.querySelector('canvas')]);
  const times = byId('times').querySelector('canvas');
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(...pictures.map(([, picture]) => picture.width)) + 2 * EDGE * ratio;
  canvas.height = TITLE * ratio + pictures.reduce((sum, [, picture]) => sum + picture.height + CAPTION * ratio, 0) + times.height + EDGE * ratio;
  const ctx = canvas.getContext('2d');
  ctx.fillStyle = styled('--panel');
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.textBaseline = 'middle';
  const font = (weight, size) => { ctx.font = `${weight} ${size * ratio}px system-ui, sans-serif`; };
  font(600, 14);
  ctx.fillStyle = styled('--text');
  const zone = view.zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
  ctx.fillText(`${when(span.from).slice(0, 19)} – ${when(span.to).slice(0, 19)} (${zone})`, EDGE * ratio, (TITLE / 2) * ratio);
  let top = TITLE * ratio;
  for (const [{ names, how }, picture] of pictures) {
    let left = EDGE * ratio;
    const middle = top + (CAPTION / 2) * ratio;
    font(500, 12);
    for (const { text, colour } of names) {
      if (colour) {
        ctx.fillStyle = colour;
        ctx.fillRect(left, middle - 5 * ratio, 10 * ratio, 10 * ratio);
        left += 16 * ratio;
      }
      ctx.fillStyle = styled('--text');
      ctx.fillText(text, left, middle);
      left += ctx.measureText(text).width + 18 * ratio;
    }
    ctx.fillStyle = styled('--muted');
    ctx.textAlign = 'right';
    ctx.fillText(how, canvas.width - EDGE * ratio, middle);
    ctx.textAlign = 'left';
    ctx.drawImage(picture, EDGE * ratio, top + CAPTION * ratio);
    top += CAPTION * ratio + picture.height;
  }
  ctx.drawImage(times, EDGE * ratio, top);
  return canvas;
};

/** Has the browser keep a picture of the lanes as a file. */
export const savePicture = async (lanes, span) => {
  if (lanes.length === 0) return;
  const blob = await new Promise((done) => { canvasOf(lanes, span, devicePixelRatio).toBlob(done, 'image/png'); });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = 'twins.png';
  byId('png').after(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};
