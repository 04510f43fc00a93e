/**
 * Progress of pulls on standard error: a bar for each transfer under way and one for the total, with speed and
 * time left. Not on a terminal: a plain line when something begins or ends. Full means verified.
 */
import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import stringWidth from 'string-width';
import { formatBytes, formatDuration } from '../core/bytes.js';
import type { PullEvent } from '../zoo/pull-events.js';
import type { Terminal } from './terminal.js';
import { wrapText } from './wrap-text.js';

/** More bars than this say less than their sum does. */
const MAX_BARS = 6;
/** Files whose begin is told where no bars can be drawn. */
const MAX_LINES = 20;
const REDRAW_MS = 100;
/** Speed is measured over this long, so that it neither jumps nor lags. */
const SPEED_WINDOW_MS = 3000;
const BAR_WIDTH = 24;

interface Transfer {
  readonly label: string;
  readonly size: number;
  verified: number;
  received: number;
  ended: boolean;
}

export interface ProgressView {
  update(event: PullEvent): void;
  /** Removes the bars and leaves the terminal clean. */
  end(): void;
}

export function openProgress(terminal: Terminal): ProgressView {
  return terminal.interactive ? bars(terminal) : lines(terminal);
}

function lines(terminal: Terminal): ProgressView {
  let started = 0;
  return {
    update(event) {
      // A data set may have thousands of files.
      if (event.type === 'start' && ++started > MAX_LINES) {
        if (started === MAX_LINES + 1) terminal.note('fetching more files …');
        return;
      }
      const line = plainLine(event);
      if (line !== undefined) terminal.note(line);
    },
    end() {},
  };
}

/** The line that a person or a log wants of an event; undefined for those that only move a bar. */
export function plainLine(event: PullEvent): string | undefined {
  switch (event.type) {
    case 'plan':
      return planLine(event);
    case 'waiting':
      return `${event.model}: waiting for ${event.holder}, which is fetching it`;
    case 'start':
      return `fetching ${event.label} (${formatBytes(event.size)})`;
    case 'fallback':
      return `${event.from}: ${event.reason} (${countFiles(event)}); next: ${event.next}`;
    case 'progress':
    case 'done':
    case 'failed':
    case 'installed':
      return undefined;
  }
}

function countFiles({ files, label }: Extract<PullEvent, { type: 'fallback' }>): string {
  return files === 1 ? label : `${label} and ${files - 1} more`;
}

function planLine(event: Extract<PullEvent, { type: 'plan' }>): string {
  const warning = event.withdrawn === undefined ? '' : `; withdrawn: ${event.withdrawn}`;
  const name = `${event.model} (${event.license}${warning})`;
  if (event.newBytes === 0) return `${name}: all ${event.files} files are in the cache`;
  const present = event.presentBytes > 0 ? `, ${formatBytes(event.presentBytes)} in the cache` : '';
  return `${name}: ${formatBytes(event.newBytes)} to fetch${present}`;
}

function bars(terminal: Terminal): ProgressView {
  const draw = createLogUpdate(process.stderr, { showCursor: true });
  const transfers = new Map<string, Transfer>();
  const samples: { time: number; received: number }[] = [];
  let lastDraw = 0;
  /** Only grows, also when a transfer fails and its successor begins from zero. */
  let received = 0;
  terminal.drawing(() => draw.clear());

  const render = (now: number) => {
    lastDraw = now;
    const all = [...transfers.values()];
    samples.push({ time: now, received });
    while (samples[0] !== undefined && now - samples[0].time > SPEED_WINDOW_MS) samples.shift();
    const first = samples[0];
    const elapsed = first === undefined ? 0 : (now - first.time) / 1000;
    const speed = first === undefined || elapsed < 0.3 ? 0 : (received - first.received) / elapsed;
    const width = process.stderr.columns ?? 80;
    const active = all.filter((transfer) => !transfer.ended);
    const rows = active.slice(0, MAX_BARS).map((transfer) => barLine(transfer, width));
    if (active.length > MAX_BARS) rows.push(`… and ${active.length - MAX_BARS} more`);
    rows.push(totalLine(all, speed, width));
    draw(rows.join('\n'));
  };

  return {
    update(event) {
      const now = performance.now();
      if (event.type === 'start') {
        transfers.set(event.key, {
          label: event.label,
          size: event.size,
          verified: 0,
          received: 0,
          ended: false,
        });
      } else if (event.type === 'progress') {
        const transfer = transfers.get(event.key);
        if (transfer !== undefined) {
          received += Math.max(0, event.received - transfer.received);
          transfer.verified = event.verified;
          transfer.received = event.received;
        }
      } else if (event.type === 'done') {
        const transfer = transfers.get(event.key);
        if (transfer !== undefined) {
          transfer.verified = transfer.size;
          transfer.ended = true;
        }
      } else if (event.type === 'failed') {
        transfers.delete(event.key);
      } else {
        const line = plainLine(event);
        if (line !== undefined) terminal.note(wrapText(line, terminal.noteWidth, 2));
      }
      if (transfers.size > 0 && now - lastDraw >= REDRAW_MS) render(now);
    },
    end() {
      terminal.drawing(undefined);
      draw.clear();
      draw.done();
    },
  };
}

function barLine(transfer: Transfer, width: number): string {
  const share = transfer.size === 0 ? 1 : transfer.verified / transfer.size;
  const tail = `${bar(share)} ${percent(share)} ${formatBytes(transfer.size).padStart(7)}`;
  return row(transfer.label, tail, width);
}

function totalLine(all: readonly Transfer[], speed: number, width: number): string {
  const size = sum(all, (transfer) => transfer.size);
  const verified = sum(all, (transfer) => transfer.verified);
  const share = size === 0 ? 1 : verified / size;
  const left = speed > 0 ? formatDuration((size - verified) / speed) : '--';
  return row('total', `${bar(share)} ${percent(share)} ${formatBytes(speed)}/s ${left} left`, width);
}

function row(label: string, tail: string, width: number): string {
  const room = Math.max(8, Math.min(40, width - stringWidth(tail) - 2));
  const name = cliTruncate(label, room, { position: 'middle' });
  return cliTruncate(
    `${name}${' '.repeat(Math.max(0, room - stringWidth(name)))} ${tail}`,
    Math.max(1, width - 1),
  );
}

function bar(share: number): string {
  const filled = Math.floor(share * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}

/** 100 % is shown only for a share of exactly 1: everything verified. */
function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
