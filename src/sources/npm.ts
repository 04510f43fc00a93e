/** `npm:NAME@VERSION`: the tarball of a package, from the registry that npm's own configuration names. */
import semver from 'semver';
import { z } from 'zod';
import { ZooError } from '../core/errors.js';
import { archiveLocator, type Locator } from '../registry/locator.js';
import { type HttpClient, openHttp } from './http/http-client.js';
import { linkedAddress } from './linked-address.js';
import { retryLookup } from './lookup-retry.js';
import { type NpmSettings, readNpmConfig } from './npm-config.js';
import { isProxied } from './proxied.js';
import { SourceFault } from './remote-file.js';
import { SharedLookup } from './shared-lookup.js';
import type { Source, SourceContext } from './source.js';
import { urlBelow } from './url-path.js';

type NpmLocator = Extract<Locator, { scheme: 'npm' }>;

/** What the registry says of one version. */
interface NpmVersion {
  readonly tarball: URL;
  /** Subresource integrity, usually `sha512-…`. */
  readonly integrity: string | undefined;
}

interface NpmSession {
  readonly settings: NpmSettings;
  readonly http: HttpClient;
}

const VERSION = z.object({
  name: z.string(),
  version: z.string(),
  dist: z.object({ tarball: z.string(), integrity: z.string().optional() }),
});
const PACKUMENT = z.object({ versions: z.record(z.string(), z.unknown()) });

/** Packages with thousands of releases have packuments of some ten megabytes. */
const MOST_PACKUMENT_BYTES = 64_000_000;
const MOST_VERSION_BYTES = 8_000_000;
/** The short form of a packument, which is all that npm itself asks for. */
const ABBREVIATED = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8';

export function npmSource(context: SourceContext): Source<NpmLocator> {
  const lookups = new SharedLookup<NpmVersion>();
  let opening: Promise<NpmSession> | undefined;
  const session = (): Promise<NpmSession> => {
    opening ??= openSession(context);
    return opening;
  };
  const lookUp = async (locator: NpmLocator, signal: AbortSignal) => {
    const { name, version } = checkNpm(locator);
    const key = `${name}@${version}`;
    const opened = await session();
    const found = await lookups.get(key, signal, (inner) =>
      askRegistry(opened, context, name, version, inner),
    );
    return { ...opened, ...found, key };
  };

  return {
    candidate(locator, archive) {
      const label = archiveLocator(locator);
      return {
        label,
        async open(signal) {
          const { http, settings, tarball, key } = await lookUp(locator, signal);
          const file = http.file(tarball, {
            label,
            headers: settings.headersFor(tarball),
            ...(archive ? { size: archive.size } : {}),
            async refresh(again) {
              lookups.forget(key);
              const fresh = await lookUp(locator, again);
              return { url: fresh.tarball, headers: settings.headersFor(fresh.tarball) };
            },
          });
          return context.reachability.watched(file);
        },
      };
    },
    async describe(locator, signal) {
      const { tarball, integrity } = await lookUp(locator, signal);
      const name = decodeURIComponent(tarball.pathname.split('/').at(-1) ?? '');
      return { name, size: undefined, sha256: undefined, integrity };
    },
    async close() {
      await (await opening?.catch(() => undefined))?.http.close();
    },
  };
}

async function openSession({ env, cwd }: SourceContext): Promise<NpmSession> {
  const settings = await readNpmConfig(env, cwd);
  return { settings, http: openHttp({ env: settings.env, ca: settings.ca }) };
}

/** The rules of npm for names that it still accepts, and an exact version: a tag could mean something else tomorrow. */
function checkNpm({ name, version }: NpmLocator): { name: string; version: string } {
  const bare = name.includes('/') ? name.slice(name.indexOf('/') + 1) : name;
  const scope = name.includes('/') ? name.slice(1, name.indexOf('/')) : 'scope';
  const wrong = (part: string) => !/^[a-z0-9~-][a-z0-9~._-]*$/.test(part) || part === 'node_modules';
  if (name.length > 214 || wrong(bare) || wrong(scope) || (name.includes('/') && !name.startsWith('@'))) {
    throw new ZooError('USAGE', `Not the name of an npm package: ${JSON.stringify(name.slice(0, 214))}`);
  }
  if (semver.valid(version) === null) {
    throw new ZooError('USAGE', `npm:${name} needs an exact version`, {
      expected: 'a version such as 1.2.3',
      found: JSON.stringify(version.slice(0, 100)),
    });
  }
  return { name, version };
}

async function askRegistry(
  session: NpmSession,
  context: SourceContext,
  name: string,
  version: string,
  signal: AbortSignal,
): Promise<NpmVersion> {
  const { settings } = session;
  const registry = settings.registryFor(name);
  const label = `npm:${name}@${version}`;
  const manifest = await fetchManifest(session, context, registry, name, version, signal);
  if (manifest.name !== name || semver.neq(manifest.version, version)) {
    throw new SourceFault('wrong', `${label}: the registry answered with another package or version`);
  }
  const link = replaceHost(manifest.dist.tarball, registry, settings.replacedHost);
  const rules = { registry, label, proxied: isProxied(settings.env) };
  const tarball = await linkedAddress(link, registry, rules, signal);
  return { tarball, integrity: manifest.dist.integrity };
}

async function fetchManifest(
  { settings, http }: NpmSession,
  { reachability }: SourceContext,
  registry: URL,
  name: string,
  version: string,
  signal: AbortSignal,
): Promise<z.infer<typeof VERSION>> {
  const label = `npm:${name}@${version}`;
  // npm's own form of a scoped name in an address: only the slash is encoded.
  const address = urlBelow(registry, name.replace('/', '%2f'));
  const ask = (url: URL, accept: string, maxBytes: number): Promise<unknown> =>
    retryLookup(signal, () =>
      reachability.watch(registry.host, label, () =>
        http.json(url, { label, headers: { ...settings.headersFor(url), accept }, maxBytes, signal }),
      ),
    );
  try {
    const own = urlBelow(address, encodeURIComponent(version));
    const manifest = VERSION.safeParse(await ask(own, 'application/json', MOST_VERSION_BYTES));
    if (manifest.success) return manifest.data;
  } catch (error) {
    // Some registries have no addresses for single versions and answer 404, 405 or a page.
    const elsewhere = error instanceof SourceFault && ['missing', 'refused', 'wrong'].includes(error.kind);
    if (!elsewhere || (error.kind === 'refused' && error.status === undefined)) throw error;
  }
  const packument = PACKUMENT.safeParse(await ask(address, ABBREVIATED, MOST_PACKUMENT_BYTES));
  if (!packument.success) throw new SourceFault('wrong', `${label}: the answer is not a package of npm`);
  if (!Object.hasOwn(packument.data.versions, version)) {
    throw new SourceFault('missing', `${label}: the registry has the package, but not this version`);
  }
  const manifest = VERSION.safeParse(packument.data.versions[version]);
  if (!manifest.success) throw new SourceFault('wrong', `${label}: the registry names no tarball`);
  return manifest.data;
}

/**
 * npm's setting `replace-registry-host`: tarballs on the named host are read from the configured registry instead,
 * so that a mirror that passes the upstream's answers on is really used.
 */
export function replaceHost(tarball: string, registry: URL, replacedHost: string): string {
  if (!URL.canParse(tarball) || replacedHost === 'never') return tarball;
  const url = new URL(tarball);
  if (replacedHost !== 'always' && replacedHost !== url.host) return tarball;
  if (url.host === registry.host) return tarball;
  return new URL(`${url.pathname}${url.search}`, registry).href;
}
