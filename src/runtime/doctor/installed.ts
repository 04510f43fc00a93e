/** The runtimes that zoo has installed: every file of them is hashed, so that damage shows before it is met. */
import { formatBytes } from '../../core/bytes.js';
import type { FoundRuntime } from '../find-runtime.js';
import { type FaultyFile, inspectFiles } from '../inspect-runtime.js';
import { readManifest } from '../runtime-manifest.js';
import { type RuntimeState, runtimeStatus } from '../runtime-status.js';
import { type Finding, fact, messageOf, problem } from './finding.js';

const KEY = 'installed';
const NAME = 'Installed';
/** Damaged files that are named; of more only the count is told. */
const MOST_NAMED = 3;

export interface InstalledAnswer {
  readonly findings: readonly Finding[];
  readonly runtimes: readonly RuntimeState[];
}

/** One finding a runtime, and one for a copy of a runtime that `ZOO_RUNTIME` names. */
export async function examineInstalled(question: {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}): Promise<InstalledAnswer> {
  const { signal } = question;
  try {
    const { runtimes, used } = await runtimeStatus({ ...question, verify: true });
    const isManaged = runtimes.some(({ folder }) => folder === used?.folder);
    const copy = isManaged || used?.kind !== 'environment' ? [] : await findingOfCopy(used, signal);
    return { findings: [...runtimes.map(findingOf), ...copy], runtimes };
  } catch (error) {
    signal.throwIfAborted();
    const detail = 'A file of an installed runtime can not be read by this user.';
    return {
      findings: [problem(KEY, NAME, messageOf(error), detail, 'export ZOO_HOME=/a/folder/of/yours')],
      runtimes: [],
    };
  }
}

function findingOf({ runtime, current, ok, size, files, faults, mend }: RuntimeState): Finding {
  const name = `${runtime}${current ? ', current' : ''}`;
  if (ok) return whole(name, files ?? 0, size);
  if (files === undefined) {
    const detail = 'Its installation or its removal was cut short.';
    return problem(KEY, NAME, `${name}: half-removed`, detail, mend);
  }
  return damaged(name, files, faults, mend);
}

/** A runtime that was copied from a cache has its manifest; one that somebody built themselves has none. */
async function findingOfCopy({ folder }: FoundRuntime, signal: AbortSignal): Promise<Finding[]> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) return [];
  const faults = await inspectFiles(folder, manifest.files, { deep: true, signal });
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const count = manifest.files.length;
  return [
    faults.length === 0 ? whole(folder, count, size) : damaged(folder, count, faults, 'unset ZOO_RUNTIME'),
  ];
}

function whole(name: string, files: number, size: number): Finding {
  return fact(KEY, NAME, `${name}: all ${files} files are right, ${formatBytes(size)}`);
}

function damaged(name: string, files: number, faults: readonly FaultyFile[], remedy: string): Finding {
  const named = faults.slice(0, MOST_NAMED).map(({ path, fault }) => `${path} (${fault})`);
  const more = faults.length - named.length;
  return problem(
    KEY,
    NAME,
    `${name}: ${faults.length} of ${files} files damaged`,
    `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    remedy,
  );
}
