/** `pypi:NAME==VERSION`: a wheel, from the package index that pip's own configuration names. */
import { archiveLocator, type Locator } from '../registry/locator.js';
import { type HttpClient, openHttp } from './http/http-client.js';
import { linkedAddress } from './linked-address.js';
import { retryLookup } from './lookup-retry.js';
import { type PipSettings, readPipConfig } from './pip-config.js';
import { isProxied } from './proxied.js';
import { SourceFault } from './remote-file.js';
import { SharedLookup } from './shared-lookup.js';
import { ACCEPTED_PAGES, type IndexFile, normalizedProject, parseProjectPage } from './simple-index.js';
import type { ArchiveHint, Source, SourceContext } from './source.js';
import { urlBelow } from './url-path.js';
import { chooseFile } from './wheel-choice.js';

type PypiLocator = Extract<Locator, { scheme: 'pypi' }>;

interface PypiSession {
  readonly settings: PipSettings;
  readonly http: HttpClient;
}

/** The page of a project with some thousand files takes a few megabytes. */
const MOST_PAGE_BYTES = 64_000_000;

export function pypiSource(context: SourceContext): Source<PypiLocator> {
  const sessions = new SharedLookup<PypiSession>();
  const pages = new SharedLookup<readonly IndexFile[]>();
  let opened: PypiSession | undefined;
  const session = (signal: AbortSignal): Promise<PypiSession> =>
    sessions.get('', signal, async (inner) => {
      const settings = await readPipConfig(context.env, inner);
      opened = { settings, http: openHttp({ env: settings.env, ca: settings.ca }) };
      return opened;
    });

  const find = async (locator: PypiLocator, archive: ArchiveHint | undefined, signal: AbortSignal) => {
    const { settings, http } = await session(signal);
    const label = archiveLocator(locator);
    if (settings.indexes.length === 0) {
      throw new SourceFault('refused', `${label}: pip's setting no-index forbids asking an index`);
    }
    const project = normalizedProject(locator.name);
    let fault: SourceFault | undefined;
    for (const index of settings.indexes) {
      try {
        const files = await pages.get(pageKey(index, project), signal, (inner) =>
          fetchPage({ settings, http }, context, index, project, label, inner),
        );
        const file = chooseFile(files, locator.name, locator.version, archive);
        const rules = { registry: index, label, proxied: isProxied(settings.env) };
        return { settings, http, file, url: await linkedAddress(file.url, index, rules, signal) };
      } catch (error) {
        // The next index may have it; the first index's fault tells most.
        if (!(error instanceof SourceFault)) throw error;
        fault ??= error;
      }
    }
    throw fault ?? new SourceFault('missing', `${label}: no index has it`);
  };

  return {
    candidate(locator, archive) {
      const label = archiveLocator(locator);
      return {
        label,
        async open(signal) {
          const { settings, http, file, url } = await find(locator, archive, signal);
          const size = file.size ?? archive?.size;
          const remote = http.file(url, {
            label,
            headers: settings.headersFor(url),
            ...(size === undefined ? {} : { size }),
            async refresh(again) {
              for (const index of settings.indexes) {
                pages.forget(pageKey(index, normalizedProject(locator.name)));
              }
              const fresh = await find(locator, archive, again);
              return { url: fresh.url, headers: settings.headersFor(fresh.url) };
            },
          });
          return context.reachability.watched(remote);
        },
      };
    },
    async describe(locator, signal) {
      const { file } = await find(locator, undefined, signal);
      return { name: file.name, size: file.size, sha256: file.sha256, integrity: undefined };
    },
    async close() {
      await opened?.http.close();
    },
  };
}

function pageKey(index: URL, project: string): string {
  return `${index.href} ${project}`;
}

async function fetchPage(
  { settings, http }: PypiSession,
  { reachability }: SourceContext,
  index: URL,
  project: string,
  label: string,
  signal: AbortSignal,
): Promise<readonly IndexFile[]> {
  const url = urlBelow(index, `${project}/`);
  const headers = { ...settings.headersFor(url), accept: ACCEPTED_PAGES };
  const { body, contentType, finalUrl } = await retryLookup(signal, () =>
    reachability.watch(index.host, label, () =>
      http.text(url, { label, headers, maxBytes: MOST_PAGE_BYTES, signal }),
    ),
  );
  return parseProjectPage(body, contentType, finalUrl, label);
}
