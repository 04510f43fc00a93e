/**
 * Routes: the ways by which one file of a card can be had. A direct route reads the file itself and may mix
 * several places at once; an archive route takes it out of a package.
 */
import { resolve } from 'node:path';
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
 * @param folder that `file:` sources are relative to; the working folder by default.
 */
export function routesOf(
  file: Pick<CardFile, 'sources'>,
  archives: readonly CardArchive[] = [],
  folder?: string,
): Route[] {
  const routes: Route[] = [];
  for (const source of file.sources) {
    const named = parseLocator(source);
    const archive = archives.find((candidate) => candidate.locator === archiveLocator(named));
    const locator = folder === undefined ? named : below(folder, named);
    const at = archiveLocator(locator);
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

/** A relative path below a folder; any other locator as it is. */
function below(folder: string, locator: Locator): Locator {
  if (locator.scheme !== 'file' || locator.file.startsWith('//')) return locator;
  return { ...locator, file: resolve(folder, locator.file) };
}
