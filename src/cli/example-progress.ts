/** Progress over the examples of a data set on standard error: how many, how fast, how long it will take. */
import { createLogUpdate } from 'log-update';
import { formatDuration } from '../core/bytes.js';
import type { Terminal } from './terminal.js';

export interface ExampleProgress {
  readonly done: number;
  readonly total: number;
  /** Examples a second; undefined until it is known. */
  readonly perSecond?: number | undefined;
  readonly secondsLeft?: number | undefined;
}

export interface ExampleProgressView {
  /** @param now what is made at the moment, in place of what was said at first. */
  update(progress: ExampleProgress, now?: string): void;
  /** Leaves the terminal clean. */
  end(): void;
}

const REDRAW_MS = 100;
/** Between two lines where nothing can be drawn. */
const LINE_MS = 10_000;
const BAR_WIDTH = 24;

/**
 * @param what is made, such as `features`.
 * @param of what there are so many of.
 */
export function openExampleProgress(terminal: Terminal, what: string, of = 'examples'): ExampleProgressView {
  if (!terminal.interactive) return lines(terminal, what, of);
  const draw = createLogUpdate(process.stderr, { showCursor: true });
  terminal.drawing(() => draw.clear());
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update(progress, current = what) {
      const now = performance.now();
      if (now - drawn < REDRAW_MS && progress.done < progress.total) return;
      drawn = now;
      const full = Math.round((BAR_WIDTH * progress.done) / Math.max(1, progress.total));
      draw(`${'━'.repeat(full)}${'╌'.repeat(BAR_WIDTH - full)} ${progressLine(current, progress, of)}`);
    },
    end() {
      draw.clear();
      draw.done();
      terminal.drawing(undefined);
    },
  };
}

function lines(terminal: Terminal, what: string, of: string): ExampleProgressView {
  let written = performance.now();
  return {
    update(progress, current = what) {
      const now = performance.now();
      if (now - written < LINE_MS) return;
      written = now;
      terminal.note(progressLine(current, progress, of));
    },
    end() {},
  };
}

function progressLine(
  what: string,
  { done, total, perSecond, secondsLeft }: ExampleProgress,
  of = 'examples',
): string {
  const speed = perSecond === undefined ? '' : `, ${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`;
  const left = secondsLeft === undefined ? '' : `, ${formatDuration(secondsLeft)} left`;
  return `${what}: ${done} of ${total} ${of}${speed}${left}`;
}
