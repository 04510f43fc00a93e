/** An error as a person reads it, or as `--json` gives it. Never a stack trace for a ZooError. */
import { ZooError } from '../core/errors.js';
import type { Terminal } from './terminal.js';
import { wrapText } from './wrap-text.js';

/** Columns before the values. */
const INDENT = 12;

/** Writes the error and returns the exit code. */
export function reportError(error: unknown, terminal: Terminal, json: boolean): number {
  const known = asZooError(error);
  if (json) {
    terminal.printJson({ error: known });
    return known.exitCode;
  }
  const { red, dim } = terminal.noteColours;
  const wrap = (text: string, indent: number) => wrapText(text, terminal.noteWidth, indent);
  terminal.note(`${red('error')}: ${wrap(known.message, 7)}`);
  for (const name of ['expected', 'found', 'hint'] as const) {
    const value = known[name];
    if (value === undefined) continue;
    const [first, ...more] = String(value).split('\n');
    terminal.note(`  ${dim(name.padEnd(8))}  ${wrap(first ?? '', INDENT)}`);
    for (const line of more) terminal.note(`${' '.repeat(INDENT)}${wrap(line, INDENT)}`);
  }
  if (known.code === 'FAILED' && error instanceof Error && process.env.ZOO_DEBUG)
    terminal.note(error.stack ?? '');
  return known.exitCode;
}

function asZooError(error: unknown): ZooError {
  if (error instanceof ZooError) return error;
  if (error instanceof Error && error.name === 'AbortError') return new ZooError('ABORTED', 'Interrupted');
  const message = error instanceof Error ? error.message : String(error);
  return new ZooError('FAILED', message, {
    hint: 'This is not expected. Set ZOO_DEBUG=1 to see where it comes from, and please report it.',
    cause: error,
  });
}
