/** Paths of addresses, built from names that a card chose. */
import { ZooError } from '../core/errors.js';

/**
 * Segments as a path of an address: `#`, `?`, `%`, spaces and the like are percent-encoded, so that a name stays
 * a name. The segments `.` and `..` have no encoding that servers leave alone and are refused.
 * @throws ZooError `UNSAFE_PATH`.
 */
export function urlPath(segments: readonly string[], owner: string): string {
  return segments.map((segment) => encodeSegment(segment, owner)).join('/');
}

function encodeSegment(segment: string, owner: string): string {
  if (segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed()) {
    throw new ZooError('UNSAFE_PATH', `${owner} names an address that is refused`, {
      expected: 'segments that are neither empty nor "." nor ".."',
      found: JSON.stringify(segment.slice(0, 100)),
    });
  }
  return encodeURIComponent(segment);
}

/** `base` with `path` below it, whether or not `base` ends in a slash. Query and fragment of `base` are dropped. */
export function urlBelow(base: URL, path: string): URL {
  const url = new URL(base);
  url.search = '';
  url.hash = '';
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}
