/** `https://…`: a file at an address of its own; plain http on this machine only. */

import { ZooError } from '../core/errors.js';
import type { Locator } from '../registry/locator.js';
import { literalHostKind } from './address-kind.js';
import { addressLabel } from './address-label.js';
import { type HttpClient, openHttp } from './http/http-client.js';
import type { Source, SourceContext } from './source.js';

type HttpsLocator = Extract<Locator, { scheme: 'https' }>;

export function httpsSource({ env, reachability }: SourceContext): Source<HttpsLocator> {
  let http: HttpClient | undefined;
  return {
    candidate({ url }) {
      const label = addressLabel(url);
      return {
        label,
        async open() {
          const address = new URL(url);
          if (address.protocol !== 'https:' && literalHostKind(address.hostname) !== 'loopback') {
            throw new ZooError('USAGE', `${label} is not an https address`);
          }
          http ??= openHttp({ env });
          return reachability.watched(http.file(address, { label }));
        },
      };
    },
    async close() {
      await http?.close();
    },
  };
}
