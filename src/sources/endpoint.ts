/** Endpoints that an environment variable may move to a mirror. */
import { ZooError } from '../core/errors.js';
import { readAddress } from './url-credentials.js';

export interface Endpoint {
  readonly url: URL;
  /** False when the variable names another place than the default. */
  readonly isDefault: boolean;
  /** True when a token sent there can't be read on the way: https, or this machine. */
  readonly isPrivate: boolean;
}

/** @throws ZooError `USAGE` when the variable holds no address, or one with a password in it. */
export function readEndpoint(env: NodeJS.ProcessEnv, variable: string, standard: string): Endpoint {
  const { url, authorization } = readAddress(env[variable] || standard, variable);
  if (authorization !== undefined) {
    throw new ZooError('USAGE', `${variable} must not hold a user name or password`);
  }
  const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname);
  return {
    url,
    isDefault: url.origin === new URL(standard).origin,
    isPrivate: url.protocol === 'https:' || loopback,
  };
}
