/** Examples with the same bytes: in two parts of a data set they make results look better than they are. */
import { forEachBounded } from '../core/for-each-bounded.js';
import type { Dataset, Example } from './dataset.js';
import { subset } from './make-dataset.js';

const AT_ONCE = 4;

export interface DuplicateGroup {
  readonly digest: string;
  /** Two or more, in the order of the data sets. */
  readonly members: readonly { readonly part: string; readonly example: Example }[];
  /** True where equal bytes carry different labels: at most one of them can be right. */
  readonly contradictory: boolean;
}

/**
 * Groups of equal examples within one data set. Reads every file once.
 * @param known sha256 of the examples in their order, where they are known already: then nothing is read.
 */
export async function findDuplicates(
  dataset: Dataset,
  signal?: AbortSignal,
  known?: readonly string[],
): Promise<DuplicateGroup[]> {
  return groupsOf({ all: dataset }, signal, known);
}

/**
 * Groups of equal examples that reach over two or more parts.
 * @param parts by name, such as `train` and `validation`.
 */
export async function duplicatesAcross(
  parts: Readonly<Record<string, Dataset>>,
  signal?: AbortSignal,
): Promise<DuplicateGroup[]> {
  const groups = await groupsOf(parts, signal);
  return groups.filter(({ members }) => new Set(members.map(({ part }) => part)).size > 1);
}

/** A data set without the examples that `other` also holds, such as the training part without those of the test. */
export async function withoutDuplicatesOf(
  dataset: Dataset,
  other: Dataset,
  signal?: AbortSignal,
): Promise<{ dataset: Dataset; removed: readonly Example[] }> {
  const groups = await duplicatesAcross({ kept: dataset, other }, signal);
  const removed = groups.flatMap(({ members }) =>
    members.filter(({ part }) => part === 'kept').map(({ example }) => example),
  );
  const gone = new Set(removed);
  return {
    dataset: subset(
      dataset,
      dataset.examples.filter((example) => !gone.has(example)),
    ),
    removed,
  };
}

async function groupsOf(
  parts: Readonly<Record<string, Dataset>>,
  signal: AbortSignal | undefined,
  known?: readonly string[],
): Promise<DuplicateGroup[]> {
  const members = Object.entries(parts).flatMap(([part, { examples }]) =>
    examples.map((example) => ({ part, example })),
  );
  const digests = known ?? (await readDigests(members, signal));
  const byDigest = new Map<string, typeof members>();
  members.forEach((member, index) => {
    const digest = digests[index] ?? '';
    const group = byDigest.get(digest);
    if (group === undefined) byDigest.set(digest, [member]);
    else group.push(member);
  });
  return Array.from(byDigest)
    .filter(([, group]) => group.length > 1)
    .map(([digest, group]) => ({ digest, members: group, contradictory: contradict(group) }));
}

async function readDigests(
  members: readonly { readonly example: Example }[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const digests: string[] = [];
  await forEachBounded(
    members.entries(),
    AT_ONCE,
    async ([index, { example }]) => {
      // What can't be read equals nothing.
      digests[index] = await example.digest().catch(() => `unreadable ${index}`);
    },
    signal,
  );
  return digests;
}

function contradict(group: readonly { readonly example: Example }[]): boolean {
  const saying = group.map(({ example }) =>
    JSON.stringify([Array.from(example.labels).sort(), example.target]),
  );
  return new Set(saying).size > 1;
}
