/** The command in a real terminal of a given width, by way of util-linux's `script`. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** True where there is a `script` that can make one. */
export const hasPseudoTerminal =
  process.platform === 'linux' &&
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');

export interface TerminalRun {
  readonly code: number | null;
  /** All that was written, escape sequences and carriage returns as they came. */
  readonly raw: string;
  /** Lines without colours; of lines that were drawn over, what was drawn last. */
  readonly lines: readonly string[];
}

export interface TerminalOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly columns?: number;
  /** Keys that are pressed once the terminal has shown the text. */
  readonly answer?: { readonly to: string; readonly keys: string };
}

/** Runs a shell command line in a terminal of `columns`. */
export async function inTerminal(command: string, options: TerminalOptions): Promise<TerminalRun> {
  const { answer } = options;
  const line = `stty cols ${options.columns ?? 80} rows 40; ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: options.cwd,
    env: { ...options.env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: [answer === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let raw = '';
  let answered = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    raw += chunk.toString();
    if (answer === undefined || answered || !raw.includes(answer.to)) return;
    answered = true;
    child.stdin?.write(answer.keys);
  });
  const [code] = await once(child, 'close');
  return { code, raw, lines: withoutEscapes(raw).split('\n') };
}

/** Text as it looks without colours and cursor movements. */
export function withoutEscapes(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return raw.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r/g, '');
}
