/** How near the machine behind an address is. Registries may name addresses; none may name the user's router. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/**
 * `public`; `private` for company and home networks; `loopback` for this machine; `never` for addresses that no
 * file comes from: link-local ones (metadata services of clouds), unspecified, multicast and reserved ones.
 */
export type AddressKind = 'public' | 'private' | 'loopback' | 'never';

const RANGES: readonly (readonly [Exclude<AddressKind, 'public'>, string, number])[] = [
  ['never', '169.254.0.0', 16],
  ['never', 'fe80::', 10],
  // Metadata services that are not link-local.
  ['never', '100.100.100.200', 32],
  ['never', '168.63.129.16', 32],
  ['never', 'fd00:ec2::', 32],
  ['never', '0.0.0.0', 8],
  ['never', '::', 128],
  ['never', '224.0.0.0', 3],
  ['never', 'ff00::', 8],
  // Tunnels that wrap an IPv4 address, which could be any of the above.
  ['never', '2002::', 16],
  ['never', '2001::', 32],
  ['loopback', '127.0.0.0', 8],
  ['loopback', '::1', 128],
  ['private', '10.0.0.0', 8],
  ['private', '172.16.0.0', 12],
  ['private', '192.168.0.0', 16],
  ['private', '100.64.0.0', 10],
  ['private', '192.0.0.0', 24],
  ['private', '198.18.0.0', 15],
  ['private', 'fc00::', 7],
  ['private', 'fec0::', 10],
];

const LISTS = (['never', 'loopback', 'private'] as const).map((kind) => {
  const list = new BlockList();
  for (const [of, network, prefix] of RANGES) {
    if (of === kind) list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return [kind, list] as const;
});

/** The kind of an IP address; IPv4 addresses inside IPv6 ones are judged as what they are. */
export function ipKind(address: string): AddressKind {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return LISTS.find(([, list]) => list.check(address, family))?.[0] ?? 'public';
}

/**
 * The kind of a host as `URL.hostname` gives it, which has already turned `0x7f.1` into `127.0.0.1`.
 * @returns undefined for a name that only a name server can judge.
 */
export function literalHostKind(hostname: string): AddressKind | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return ipKind(bare);
  const name = hostname.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') ? 'loopback' : undefined;
}

/** The nearest kind among all addresses of a host; undefined when the name can't be resolved here. */
export async function hostKind(hostname: string): Promise<AddressKind | undefined> {
  const literal = literalHostKind(hostname);
  if (literal !== undefined) return literal;
  try {
    const kinds = (await lookup(hostname, { all: true })).map(({ address }) => ipKind(address));
    return (['never', 'loopback', 'private', 'public'] as const).find((kind) => kinds.includes(kind));
  } catch {
    return undefined;
  }
}
