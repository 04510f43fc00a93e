/** Asks every source of cards whether it is alive and has a file of the right size; fetches one byte of each. */

import { ZooError } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import type { Card } from '../registry/card.js';
import { archiveLocator, parseLocator } from '../registry/locator.js';
import { qualifiedId } from '../registry/published.js';
import { archiveKind } from '../sources/archive-kind.js';
import type { Sources } from '../sources/open-sources.js';
import { SourceFault } from '../sources/remote-file.js';

export interface DeadSource {
  /** `category/name@version`. */
  readonly card: string;
  readonly source: string;
  readonly reason: string;
}

const PARALLEL = 8;

/** Sources that don't answer as the card says. A package is asked once, however many files come from it. */
export async function deadSources(
  cards: readonly Card[],
  sources: Sources,
  signal: AbortSignal,
): Promise<DeadSource[]> {
  const dead: DeadSource[] = [];
  const checks = new Map<string, { card: string; source: string; run: () => Promise<void> }>();
  for (const card of cards) {
    const id = qualifiedId(card);
    for (const file of card.files) {
      for (const source of file.sources) {
        const locator = parseLocator(source);
        const at = archiveLocator(locator);
        const archive = card.archives?.find((one) => one.locator === at);
        const inArchive = archiveKind(locator, archive?.name) !== undefined;
        const subject = inArchive ? at : source;
        checks.set(`${id}\n${subject}`, {
          card: id,
          source: subject,
          run: () =>
            probe(
              sources,
              subject,
              inArchive ? archive : undefined,
              inArchive ? archive?.size : file.size,
              signal,
            ),
        });
      }
    }
  }
  await forEachBounded(
    checks.values(),
    PARALLEL,
    async ({ card, source, run }) => {
      try {
        await run();
      } catch (error) {
        if (!(error instanceof SourceFault) && !(error instanceof ZooError)) throw error;
        dead.push({ card, source, reason: error.message.replace(`${source}: `, '') });
      }
    },
    signal,
  );
  return dead.sort((a, b) => (`${a.card}${a.source}` < `${b.card}${b.source}` ? -1 : 1));
}

async function probe(
  sources: Sources,
  source: string,
  archive: Parameters<Sources['candidate']>[1],
  size: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const remote = await sources.candidate(parseLocator(source), archive).open(signal);
  const read = await remote.read(size === 0 ? undefined : { start: 0, end: 1 }, signal);
  read.cancel();
  const found = read.total ?? remote.size;
  if (size !== undefined && found !== undefined && found !== size) {
    throw new SourceFault('missing', `it has another size: expected ${size} bytes, found ${found}`);
  }
}
