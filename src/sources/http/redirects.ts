/** Which redirects are followed, and whose headers go along. */
import { SourceFault } from '../remote-file.js';

/** Registries and CDNs need one to three; more is a circle. */
export const MOST_REDIRECTS = 5;

const STATUSES = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return STATUSES.has(status);
}

/**
 * The address that a `Location` names.
 * @throws SourceFault `refused` for every address that is not https, except for plain http within one origin or
 * within this machine, and for addresses with a user name or password in them.
 */
export function redirectTarget(label: string, from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw refused(label, 'an address that can not be read');
  }
  const to = new URL(location, from);
  if (to.username !== '' || to.password !== '') throw refused(label, 'an address with a user name in it');
  to.hash = '';
  if (to.protocol === 'https:') return to;
  if (to.protocol !== 'http:') throw refused(label, `the scheme ${to.protocol.slice(0, 20)}`);
  if (to.origin === from.origin || (from.protocol === 'http:' && isLoopback(from) && isLoopback(to)))
    return to;
  throw refused(label, 'an address without encryption');
}

/** True when plain http to this address stays on this machine. */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
}

function refused(label: string, what: string): SourceFault {
  return new SourceFault('refused', `${label}: redirected to ${what}`);
}
