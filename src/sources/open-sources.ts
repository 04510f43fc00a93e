/** The door of the sources room: locators to places where bytes can be read. */
import { ZooError } from '../core/errors.js';
import { archiveLocator, type Locator } from '../registry/locator.js';
import { fileSource } from './file.js';
import { githubSource } from './github.js';
import { hfSource } from './hf.js';
import { httpsSource } from './https.js';
import { npmSource } from './npm.js';
import { pypiSource } from './pypi.js';
import { Reachability } from './reachability.js';
import type { ArchiveFacts, ArchiveHint, SourceCandidate, SourceContext } from './source.js';

export type { ArchiveFacts, ArchiveHint, SourceCandidate } from './source.js';

export interface Sources {
  /**
   * The bytes that a locator names directly: for npm and pypi the whole archive (the path is ignored), for others
   * the file, and for https and file with `#path` the archive. Asks nothing yet.
   */
  candidate(locator: Locator, archive?: ArchiveHint): SourceCandidate;
  /** What the registry says of a package's archive; undefined for schemes without a registry. */
  describe(locator: Locator, signal: AbortSignal): Promise<ArchiveFacts | undefined>;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface SourcesOptions {
  /** `process.env` by default. Also where npm, pip and Hugging Face's clients look for their settings. */
  readonly env?: NodeJS.ProcessEnv;
  /** Start of relative `file:` paths, and where a project's npmrc is looked for; `process.cwd()` by default. */
  readonly cwd?: string;
  /** Every candidate but `file:` fails with `NOT_CACHED`. */
  readonly offline?: boolean;
}

/** Opens the sources; touches neither network nor disk until a candidate is opened. */
export function openSources(options: SourcesOptions = {}): Sources {
  const context: SourceContext = {
    env: options.env ?? process.env,
    cwd: options.cwd ?? process.cwd(),
    reachability: new Reachability(),
  };
  const sources = {
    npm: npmSource(context),
    pypi: pypiSource(context),
    hf: hfSource(context),
    github: githubSource(context),
    https: httpsSource(context),
    file: fileSource(context),
  };

  function candidate(locator: Locator, archive?: ArchiveHint): SourceCandidate {
    switch (locator.scheme) {
      case 'npm':
        return sources.npm.candidate(locator, archive);
      case 'pypi':
        return sources.pypi.candidate(locator, archive);
      case 'hf':
        return sources.hf.candidate(locator);
      case 'github':
        return sources.github.candidate(locator);
      case 'https':
        return sources.https.candidate(locator);
      case 'file':
        return sources.file.candidate(locator);
    }
  }

  return {
    candidate(locator, archive) {
      const online = candidate(locator, archive);
      if (options.offline !== true || locator.scheme === 'file') return online;
      const { label } = online;
      return { label, open: () => Promise.reject(offlineError(label)) };
    },
    async describe(locator, signal) {
      if (locator.scheme !== 'npm' && locator.scheme !== 'pypi') return undefined;
      if (options.offline === true) throw offlineError(archiveLocator(locator));
      if (locator.scheme === 'npm') return sources.npm.describe?.(locator, signal);
      return sources.pypi.describe?.(locator, signal);
    },
    async close() {
      await Promise.all(Object.values(sources).map((source) => source.close()));
    },
  };
}

function offlineError(label: string): ZooError {
  return new ZooError('NOT_CACHED', `${label} would have to be fetched, but zoo is offline`, {
    hint: 'Run it once without --offline and with ZOO_OFFLINE unset.',
  });
}
