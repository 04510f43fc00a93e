/**
 * Where a command writes: results to standard output, progress and notes to standard error. Knows whether a
 * person is watching and how wide the window is; colours obey NO_COLOR and FORCE_COLOR.
 */
import pc from 'picocolors';

type Colours = ReturnType<typeof pc.createColors>;

export interface Terminal {
  /** True when standard error is a terminal, so that progress may be drawn. */
  readonly interactive: boolean;
  /** Columns of the terminal that results go to; 80 columns at least where there is no terminal to ask. */
  readonly width: number;
  /** Columns of the terminal that notes go to; without end where there is none. */
  readonly noteWidth: number;
  /** Colours for standard output. */
  readonly colours: Colours;
  /** Colours for standard error. */
  readonly noteColours: Colours;
  /** Writes a line of the result. */
  print(line: string): void;
  /** Writes a value as one JSON document on one or more lines. */
  printJson(value: unknown): void;
  /** Writes a line for the person to standard error; what is drawn there makes room for it. */
  note(line: string): void;
  /** Says how to wipe what is drawn on standard error at the moment; undefined: nothing is. */
  drawing(wipe: (() => void) | undefined): void;
}

/** Columns assumed for a pipe: wide, so that another program gets whole values. */
const PIPE_WIDTH = 400;

export function openTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  let wipeDrawing: (() => void) | undefined;
  const colours = (stream: NodeJS.WriteStream) => {
    const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
    const forbidden = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
    return pc.createColors(forced || (stream.isTTY === true && !forbidden));
  };
  return {
    interactive: process.stderr.isTTY === true && env.TERM !== 'dumb',
    width: process.stdout.isTTY ? (process.stdout.columns ?? 80) : PIPE_WIDTH,
    noteWidth: process.stderr.isTTY ? (process.stderr.columns ?? 80) : Number.POSITIVE_INFINITY,
    colours: colours(process.stdout),
    noteColours: colours(process.stderr),
    print: (line) => {
      process.stdout.write(`${line}\n`);
    },
    printJson: (value) => {
      process.stdout.write(`${JSON.stringify(value, undefined, process.stdout.isTTY ? 2 : undefined)}\n`);
    },
    note: (line) => {
      wipeDrawing?.();
      process.stderr.write(`${line}\n`);
    },
    drawing: (wipe) => {
      wipeDrawing = wipe;
    },
  };
}
