/**
 * `hf:owner/name@revision#path`: files of Hugging Face repositories, set up as its own clients are: `HF_ENDPOINT`,
 * `HF_TOKEN` or the token file (`HF_TOKEN_PATH`, `HF_HOME`), `HF_HUB_OFFLINE`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`.
 *
 * A token goes to the endpoint alone, never to the storage host that it redirects to, and never over plain http to
 * another machine.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { formatLocator, type Locator } from '../registry/locator.js';
import { type Endpoint, readEndpoint } from './endpoint.js';
import { type HttpClient, openHttp } from './http/http-client.js';
import { SourceFault } from './remote-file.js';
import type { Source, SourceContext } from './source.js';
import { urlBelow, urlPath } from './url-path.js';

const ENDPOINT = 'https://huggingface.co';

type HfLocator = Extract<Locator, { scheme: 'hf' }>;

export function hfSource(context: SourceContext): Source<HfLocator> {
  const { env, reachability } = context;
  let opened: { http: HttpClient; endpoint: Endpoint; headers: Record<string, string> } | undefined;
  const session = () => {
    opened ??= hfSession(env);
    return opened;
  };
  return {
    candidate(locator) {
      const label = formatLocator(locator);
      return {
        label,
        async open() {
          if (isTrue(env.HF_HUB_OFFLINE)) {
            throw new SourceFault('refused', `${label}: HF_HUB_OFFLINE forbids asking for it`);
          }
          const { http, endpoint, headers } = session();
          const path = urlPath(
            [...locator.repository.split('/'), 'resolve', locator.revision, ...locator.path.split('/')],
            label,
          );
          return reachability.watched(http.file(urlBelow(endpoint.url, path), { label, headers }));
        },
      };
    },
    async close() {
      await opened?.http.close();
    },
  };
}

function hfSession(env: NodeJS.ProcessEnv) {
  const endpoint = readEndpoint(env, 'HF_ENDPOINT', ENDPOINT);
  const token = endpoint.isPrivate ? readToken(env) : undefined;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return { http: openHttp({ env }), endpoint, headers };
}

function readToken(env: NodeJS.ProcessEnv): string | undefined {
  const given = (env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN || '').trim();
  if (given !== '') return given;
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const home = env.HOME || env.USERPROFILE || homedir();
  const hfHome = env.HF_HOME || join(env.XDG_CACHE_HOME || join(home, '.cache'), 'huggingface');
  try {
    return readFileSync(env.HF_TOKEN_PATH || join(hfHome, 'token'), 'utf8').trim() || undefined;
  } catch {
    return undefined; // never logged in
  }
}

function isTrue(text: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(text ?? '');
}
