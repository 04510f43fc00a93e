/**
 * `github:owner/name@commit:path`: raw files of a commit. `ZOO_GITHUB_ENDPOINT` moves them to a mirror that lays
 * them out as GitHub's raw host does, `/owner/name/commit/path`.
 *
 * `GITHUB_TOKEN` (or `GH_TOKEN`) was issued by GitHub, so a mirror never gets it. Even GitHub gets it only when a
 * file can't be had without: the files of the zoo are public, and a token that has expired makes GitHub deny even
 * those. A private file looks missing, and too many anonymous requests are answered with 429 or 403.
 */
import { formatLocator, type Locator } from '../registry/locator.js';
import { readEndpoint } from './endpoint.js';
import { type HttpClient, openHttp } from './http/http-client.js';
import { type RemoteFile, SourceFault } from './remote-file.js';
import type { Source, SourceContext } from './source.js';
import { urlBelow, urlPath } from './url-path.js';

const ENDPOINT = 'https://raw.githubusercontent.com';

type GithubLocator = Extract<Locator, { scheme: 'github' }>;

export function githubSource(context: SourceContext): Source<GithubLocator> {
  const { env, reachability } = context;
  let http: HttpClient | undefined;
  return {
    candidate(locator) {
      const label = formatLocator(locator);
      return {
        label,
        async open() {
          const endpoint = readEndpoint(env, 'ZOO_GITHUB_ENDPOINT', ENDPOINT);
          const path = urlPath(
            [...locator.repository.split('/'), locator.commit, ...locator.path.split('/')],
            label,
          );
          const url = urlBelow(endpoint.url, path);
          http ??= openHttp({ env });
          const file = http.file(url, { label });
          const token = env.GITHUB_TOKEN || env.GH_TOKEN;
          if (!token || !endpoint.isDefault || !endpoint.isPrivate) return reachability.watched(file);
          const own = http.file(url, { label, headers: { authorization: `token ${token}` } });
          return reachability.watched(whereDenied(file, own));
        },
      };
    },
    async close() {
      await http?.close();
    },
  };
}

/** `open` until it is denied once, from then on `identified`. */
export function whereDenied(open: RemoteFile, identified: RemoteFile): RemoteFile {
  let current = open;
  return {
    label: open.label,
    host: open.host,
    size: open.size,
    async read(span, signal) {
      try {
        return await current.read(span, signal);
      } catch (error) {
        const denied = error instanceof SourceFault && ['missing', 'expired', 'busy'].includes(error.kind);
        if (current === identified || !denied) throw error;
        const read = await identified.read(span, signal);
        current = identified;
        return read;
      }
    },
    refresh: async (signal) => current.refresh?.(signal),
  };
}
