/** What fetching needs, handed through as one. */
import type { Cache } from '../cache/cache.js';
import type { Transfers } from '../download/transfers.js';
import type { Sources } from '../sources/open-sources.js';
import type { PullListener } from './pull-events.js';

export interface FetchTools {
  readonly cache: Cache;
  readonly sources: Sources;
  readonly transfers: Transfers;
  /** Only files of this machine may be read. */
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: PullListener;
}
