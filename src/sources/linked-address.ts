/**
 * Addresses that a registry's answer names (`dist.tarball`, links of a package index). A registry may keep its
 * files on another host, but must not make this machine ask where the registry itself can't:
 *
 * - https only; plain http only where the registry itself is asked by plain http;
 * - no user name or password in it;
 * - never a link-local, unspecified, multicast or reserved address (metadata services of clouds);
 * - a private address only from a registry that is on a private network or on this machine, a loopback address
 *   only from a registry on this machine. Names are resolved for this unless a proxy does that.
 *
 * What lies at the registry's own origin is always allowed: the user's configuration names it.
 */
import { type AddressKind, hostKind, literalHostKind } from './address-kind.js';
import { SourceFault } from './remote-file.js';
import { untilAborted } from './shared-lookup.js';

export interface LinkRules {
  /** The registry that names the address. */
  readonly registry: URL;
  /** For messages. */
  readonly label: string;
  /** A proxy makes the connections: it resolves names, and this machine may be unable to. */
  readonly proxied: boolean;
}

/**
 * @param link absolute, or relative to `base`.
 * @throws SourceFault `refused` when a rule above is broken, `wrong` when it is no address at all.
 */
export async function linkedAddress(
  link: string,
  base: URL,
  rules: LinkRules,
  signal: AbortSignal,
): Promise<URL> {
  const { registry, label, proxied } = rules;
  if (!URL.canParse(link, base.href))
    throw new SourceFault('wrong', `${label}: the registry names no address`);
  const url = upgraded(new URL(link, base), registry);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refused(label, `the scheme ${url.protocol.slice(0, 20)}`);
  }
  if (url.username !== '' || url.password !== '') throw refused(label, 'an address with a user name in it');
  if (url.protocol === 'http:' && registry.protocol !== 'http:') {
    throw refused(label, 'an address without encryption');
  }
  if (url.origin === registry.origin) return url;
  const kindOf = proxied ? async (host: string) => literalHostKind(host) : hostKind;
  const [to, from] = await untilAborted(
    Promise.all([kindOf(url.hostname), kindOf(registry.hostname)]),
    signal,
  );
  if (!mayLink(from ?? 'public', to ?? 'public')) throw refused(label, `a ${kindName(to)} (${url.host})`);
  return url;
}

/** True when a registry of one kind may name an address of another. */
export function mayLink(from: AddressKind, to: AddressKind): boolean {
  if (to === 'never') return false;
  if (to === 'loopback') return from === 'loopback';
  return to === 'public' || from === 'private' || from === 'loopback';
}

/** Registries behind a proxy that ends TLS often believe that they are asked by plain http. */
function upgraded(url: URL, registry: URL): URL {
  const sameMachine = url.hostname === registry.hostname && (url.port === '' || url.port === registry.port);
  if (url.protocol !== 'http:' || registry.protocol !== 'https:' || !sameMachine) return url;
  const secure = new URL(url);
  secure.protocol = 'https:';
  secure.port = registry.port;
  return secure;
}

function kindName(kind: AddressKind | undefined): string {
  if (kind === 'private') return 'private address';
  return kind === 'loopback' ? 'loopback address' : 'link-local or reserved address';
}

function refused(label: string, what: string): SourceFault {
  return new SourceFault('refused', `${label}: the registry names ${what}`);
}
