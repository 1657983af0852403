// A lane of marks for when twins and relationships began and ended: a disc for a twin, a diamond for a relationship;
// filled where it began, crossed out where it ended.

import { Strip } from './strip.js';
import { styled } from './theme.js';

export const MARKS = 24;

/** How far a mark reaches to either side, in pixels. */
const SIZE = 5;

export class Milestones {
  #strip;
  #milestones;

  constructor(parent, milestones, options) {
    this.#milestones = milestones;
    this.#strip = new Strip(parent, options, milestones.map(({ time }) => time), (chart, ratio) => this.#draw(chart, ratio));
  }

  get uplot() { return this.#strip.uplot; }

  update(milestones, span) {
    this.#milestones = milestones;
    this.#strip.redraw(milestones.map(({ time }) => time), span);
  }

  resize(width, height) { this.#strip.resize(width, height); }

  destroy() { this.#strip.destroy(); }

  #draw(chart, ratio) {
    const { ctx, bbox } = chart;
    const y = bbox.top + (MARKS / 2) * ratio;
    ctx.lineWidth = 1.75 * ratio;
    ctx.strokeStyle = styled('--line');
    ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
    for (const { time, relationship, ends } of this.#milestones) {
      const x = chart.valToPos(time, 'x', true);
      const arm = SIZE * ratio;
      ctx.beginPath();
      if (relationship) {
        ctx.moveTo(x - arm, y); ctx.lineTo(x, y - arm); ctx.lineTo(x + arm, y); ctx.lineTo(x, y + arm); ctx.closePath();
      } else {
        ctx.arc(x, y, arm - ratio / 2, 0, 2 * Math.PI);
      }
      ctx.strokeStyle = styled(ends ? '--bad' : '--good');
      ctx.fillStyle = ends ? styled('--panel') : ctx.strokeStyle;
      ctx.fill();
      ctx.stroke();
      if (!ends) continue;
      ctx.beginPath();
      ctx.moveTo(x - arm, y + arm); ctx.lineTo(x + arm, y - arm);
      ctx.stroke();
    }
  }
}

/** Those that a time means, of milestones in the order of the lane. */
export const milestonesAt = (milestones, time, perPixel) =>
  milestones.filter((milestone) => Math.abs(milestone.time - time) <= 2 * SIZE * perPixel);
