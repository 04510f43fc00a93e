/**
 * The records of a PAX extended header, `LENGTH KEY=VALUE\n` one after another. Read strictly: a record that
 * one program skips and another obeys makes the two see different archives.
 */
import { unsafeArchive } from './limits.js';

/** The two fields that matter to us. Times, owners and comments are passed over. */
export interface PaxFields {
  readonly path?: string;
  readonly size?: number;
}

/** @throws ZooError `UNSAFE_ARCHIVE` for malformed or repeated records, link targets and sparse files. */
export function parsePax(body: Buffer, label: string): PaxFields {
  const values = new Map<string, string>();
  let offset = 0;
  while (offset < body.length) {
    // Some writers fill the header's last block with zeros and count them in its size.
    if (body[offset] === 0 && body.subarray(offset).every((byte) => byte === 0)) break;
    const digits = /^([1-9]\d{0,6}) /.exec(body.toString('latin1', offset, offset + 8))?.[1];
    const end = offset + Number(digits);
    const equals = body.indexOf('=', offset);
    if (
      digits === undefined ||
      end > body.length ||
      body[end - 1] !== 0x0a ||
      equals === -1 ||
      equals >= end
    ) {
      throw unsafeArchive(label, 'an extended header is malformed');
    }
    const key = body.toString('utf8', offset + digits.length + 1, equals);
    const value = body.toString('utf8', equals + 1, end - 1);
    if (values.has(key)) throw unsafeArchive(label, `an extended header has two records "${key}"`);
    if ((key === 'linkpath' && value !== '') || key.startsWith('GNU.sparse')) {
      throw unsafeArchive(label, 'it has a link or a sparse file', { found: key });
    }
    values.set(key, value);
    offset = end;
  }
  const path = values.get('path');
  const size = values.get('size');
  if (size !== undefined && !/^\d{1,15}$/.test(size)) {
    throw unsafeArchive(label, "a member's size is not a number", {
      found: JSON.stringify(size.slice(0, 40)),
    });
  }
  return {
    ...(path === undefined ? {} : { path }),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}
