/**
 * Relative paths that a card, an archive or a server names are judged by POSIX and by Windows rules on every
 * platform, so that a card that is safe here is safe for every colleague.
 */
import { ZooError } from './errors.js';

/** Longest path in UTF-16 units; leaves room for the cache folder within Windows' 260. */
const MAX_PATH = 200;
const MAX_SEGMENT = 120;
const MAX_DEPTH = 16;

const WINDOWS_DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i;
// Control characters, and the characters that Windows keeps for itself; the colon opens an alternate stream.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it must find
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"|?*\\]/;
// Characters that reorder or hide text, so that a name reads as something else.
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]/;

/** Why `path` can't be written on every platform, or undefined when it can. */
export function unsafePathReason(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.length > MAX_PATH) return `it is longer than ${MAX_PATH} characters`;
  if (FORBIDDEN.test(path)) return 'it has a control character, a backslash or one of < > : " | ? *';
  if (INVISIBLE.test(path)) return 'it has an invisible or direction-changing character';
  if (!path.isWellFormed()) return 'it is not well-formed Unicode';
  if (path !== path.normalize('NFC')) return 'it is not in Unicode normal form C';
  if (path.startsWith('/')) return 'it is absolute';
  const segments = path.split('/');
  if (segments.length > MAX_DEPTH) return `it is deeper than ${MAX_DEPTH} folders`;
  for (const segment of segments) {
    const reason = unsafeSegmentReason(segment);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function unsafeSegmentReason(segment: string): string | undefined {
  if (segment === '') return 'it has an empty segment';
  if (segment === '.' || segment === '..') return `it has a "${segment}" segment`;
  if (segment.length > MAX_SEGMENT) return `a segment is longer than ${MAX_SEGMENT} characters`;
  if (/[. ]$/.test(segment)) return 'a segment ends with a dot or a space, which Windows drops';
  if (segment.startsWith(' ')) return 'a segment begins with a space';
  if (segment.toLowerCase() === '.git') return 'it reaches into .git';
  // Windows reads a device name before the first dot: "con.txt" is the console.
  const stem = (segment.split('.')[0] ?? '').trimEnd();
  if (WINDOWS_DEVICES.test(stem)) return `"${stem}" is a device on Windows`;
  return undefined;
}

/**
 * Returns `path` when it is a safe relative path with forward slashes.
 * @throws ZooError `UNSAFE_PATH` naming `owner` (the card or archive that asked for it) and the reason.
 */
export function checkSafePath(path: string, owner: string): string {
  const reason = unsafePathReason(path);
  if (reason !== undefined) {
    throw new ZooError('UNSAFE_PATH', `${owner} names a path that is refused: ${reason}`, {
      expected: 'a relative path that POSIX and Windows can both hold',
      found: JSON.stringify(path.slice(0, 200)),
    });
  }
  return path;
}

/** The key under which two paths are the same file on a case-insensitive, normalising volume. */
export function pathCollisionKey(path: string): string {
  return path.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/**
 * Checks every path and that no two of them meet on any platform, nor one is a folder of another.
 * @throws ZooError `UNSAFE_PATH`.
 */
export function checkPathSet(paths: Iterable<string>, owner: string): void {
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const path of paths) {
    checkSafePath(path, owner);
    const key = pathCollisionKey(path);
    const twin = files.get(key) ?? folders.get(key);
    if (twin !== undefined) throw collision(owner, twin, path);
    files.set(key, path);
    const segments = key.split('/');
    for (let depth = 1; depth < segments.length; depth++) {
      const folder = segments.slice(0, depth).join('/');
      const file = files.get(folder);
      if (file !== undefined) throw collision(owner, file, path);
      folders.set(folder, path);
    }
  }
}

function collision(owner: string, first: string, second: string): ZooError {
  return new ZooError('UNSAFE_PATH', `${owner} names two paths that are one file on some platforms`, {
    expected: 'paths that differ by more than case or Unicode form, none inside another',
    found: `${JSON.stringify(first)} and ${JSON.stringify(second)}`,
  });
}
