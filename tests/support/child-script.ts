/** TypeScript files run as real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ChildScript {
  readonly process: ChildProcess;
  /** Waits for a line of its standard output that begins with `text`. */
  line(text: string): Promise<string>;
  /** Waits for its end: exit code or signal, and all it wrote. */
  readonly ended: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>;
}

/**
 * @param script relative to the tests folder.
 * @param options.uid runs it as another user; only root may.
 */
export function runScript(
  script: string,
  args: readonly string[],
  options: { uid?: number; env?: NodeJS.ProcessEnv } = {},
): ChildScript {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', `tests/${script}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code,
    signal,
    stdout: lines.join('\n'),
    stderr,
  }));
  return {
    process: child,
    ended,
    async line(text) {
      for (;;) {
        const found = lines.find((line) => line.startsWith(text));
        if (found !== undefined) return found;
        const next = await Promise.race([once(reader, 'line').then(() => 'line'), ended]);
        if (next !== 'line' && !lines.some((line) => line.startsWith(text))) {
          throw new Error(`${script} ended without a line ${JSON.stringify(text)}: ${stderr}`);
        }
      }
    },
  };
}
