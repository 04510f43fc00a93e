/**
 * Which process wrote a lease or a hold, and whether it can still be alive. A pid alone says little: it is used
 * again after a reboot (hence the boot id), by later processes (hence the start time), and means something else
 * in a container that shares the folder (hence the pid namespace).
 */
import { readFile, readlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import * as z from 'zod';
import { hasCode } from '../core/errors.js';

export const processIdentitySchema = z.object({
  host: z.string(),
  /** The boot id and pid namespace: two processes see each other's pids only when these are alike. */
  pidSpace: z.string(),
  pid: z.int().positive(),
  /** When the process started, in the system's own unit; '' where the system doesn't tell. */
  started: z.string(),
});

export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

let own: Promise<ProcessIdentity> | undefined;

/** This process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= (async () => ({
    host: hostname(),
    pidSpace: await readPidSpace(),
    pid: process.pid,
    started: (await startTime(process.pid)) ?? '',
  }))();
  return own;
}

/**
 * `gone`: certainly ended. `alive`: certainly the same process. `unknown`: on another machine, before a reboot,
 * in another container, or where the system doesn't tell; only its heartbeat says more.
 */
export async function stateOf(other: ProcessIdentity): Promise<'alive' | 'gone' | 'unknown'> {
  const self = await ownIdentity();
  if (other.host !== self.host || other.pidSpace !== self.pidSpace) return 'unknown';
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    if (!hasCode(error, 'EPERM')) return 'gone';
  }
  const started = await startTime(other.pid);
  if (started === undefined || other.started === '') return 'unknown';
  return started === other.started ? 'alive' : 'gone';
}

async function readPidSpace(): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  } catch {
    // No Linux: the time of the boot in minutes. When two processes round it differently they only
    // fall back to watching each other's heartbeat.
    return `boot ${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}

/** Field 22 of /proc/PID/stat: clock ticks since boot. The name before it is in brackets and may hold any. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19);
  } catch {
    return undefined;
  }
}
