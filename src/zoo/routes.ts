/**
 * Routes: the ways by which one file of a card can be had. A direct route reads the file itself and may mix
 * several places at once; an archive route takes it out of a package.
 */
import type { CardArchive, CardFile } from '../registry/card.js';
import { archiveLocator, type Locator, parseLocator } from '../registry/locator.js';
import { archiveKind } from '../sources/archive-kind.js';

export interface DirectRoute {
  readonly kind: 'direct';
  readonly locators: readonly Locator[];
}

export interface ArchiveRoute {
  readonly kind: 'archive';
  readonly format: 'tgz' | 'zip';
  /** The archive's own locator, without the member's path; archives are told apart by it. */
  readonly locator: string;
  /** What the card says of the archive; missing for a foreign https: or file: archive. */
  readonly archive: CardArchive | undefined;
  readonly member: string;
}

export type Route = DirectRoute | ArchiveRoute;

/**
 * The routes of a file in the order of its sources. Neighbouring direct sources are one route, since any of
 * them may supply any piece.
 */
export function routesOf(file: Pick<CardFile, 'sources'>, archives: readonly CardArchive[] = []): Route[] {
  const routes: Route[] = [];
  for (const source of file.sources) {
    const locator = parseLocator(source);
    const at = archiveLocator(locator);
    const archive = archives.find((candidate) => candidate.locator === at);
    const format = archiveKind(locator, archive?.name);
    const last = routes.at(-1);
    if (format !== undefined && locator.path !== undefined) {
      routes.push({ kind: 'archive', format, locator: at, archive, member: locator.path });
    } else if (last?.kind === 'direct') {
      routes[routes.length - 1] = { kind: 'direct', locators: [...last.locators, locator] };
    } else {
      routes.push({ kind: 'direct', locators: [locator] });
    }
  }
  return routes;
}
