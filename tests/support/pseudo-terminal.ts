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

/** Runs a shell command line in a terminal of `columns`. */
export async function inTerminal(
  command: string,
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly columns?: number },
): Promise<TerminalRun> {
  const line = `stty cols ${options.columns ?? 80} rows 40; ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    cwd: options.cwd,
    env: { ...options.env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let raw = '';
  child.stdout.on('data', (chunk: Buffer) => {
    raw += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, raw, lines: withoutEscapes(raw).split('\n') };
}

/** Text as it looks without colours and cursor movements. */
export function withoutEscapes(raw: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return raw.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r/g, '');
}
