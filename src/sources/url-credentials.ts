/** User names and passwords that stand in an address: taken out of it at once, so that no message can show them. */
import { ZooError } from '../core/errors.js';

export interface CleanAddress {
  /** Without user name and password. */
  readonly url: URL;
  /** Value of an `Authorization` header for the origin of `url`. */
  readonly authorization: string | undefined;
}

/**
 * Reads an address of somebody's configuration.
 * @param setting names the setting in the error; the value is not shown, as it may hold a password.
 * @throws ZooError `USAGE` when it is neither https nor http.
 */
export function readAddress(text: string, setting: string): CleanAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ZooError('USAGE', `${setting} is not an address`, { expected: 'https://…' });
  }
  const authorization =
    url.username === '' && url.password === ''
      ? undefined
      : basicAuthorization(decode(url.username), decode(url.password));
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url, authorization };
}

/** The value of an `Authorization` header for a user name and password. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % stands for itself
  }
}
