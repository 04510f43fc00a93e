/** Runs one command and says what it cost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How many bytes of a failed command's output are shown. */
const SHOWN = 2000;

/**
 * @param time GNU time: it starts the command from a small process, so that the peak is the command's own.
 * @returns wall and CPU seconds (user and system, with children), and the peak resident bytes of its largest process.
 * @throws Error when the command fails or takes longer than `seconds`.
 */
export async function measure(time, [program, ...args], { cwd, env, seconds }) {
  const costs = join(cwd, 'costs');
  const started = performance.now();
  // A group of its own, so that a time-out ends the command and whatever it started.
  const child = spawn(time, ['-q', '-f', '%U %S %M', '-o', costs, program, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-SHOWN);
    });
  }
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  };
  const timer = setTimeout(end, seconds * 1000);
  process.once('exit', end);
  let ended = 0;
  child.once('exit', () => {
    ended = performance.now();
  });
  const [status, signal] = await once(child, 'close');
  clearTimeout(timer);
  process.removeListener('exit', end);
  if (status !== 0) throw new Error(`${program} ended with ${signal ?? status}: ${output.trim()}`);
  const [user, system, peak] = readFileSync(costs, 'utf8').trim().split(' ').map(Number);
  return { wall: (ended - started) / 1000, cpu: user + system, peak: peak * 1024 };
}
