/** One GET with its redirects. */
import { createRequire } from 'node:module';
import type { Dispatcher } from 'undici';
import { ZooError } from '../../core/errors.js';
import { SourceFault } from '../remote-file.js';
import { exchange, type HttpAnswer, type HttpBody } from './http-exchange.js';
import { networkFault } from './network-fault.js';
import { isRedirect, MOST_REDIRECTS, redirectTarget } from './redirects.js';
import { header } from './status-fault.js';

/** An address, and the headers that belong to its origin and to no other. */
export interface HttpAddress {
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer after redirects; the body has not been read. */
export interface HttpResponse extends HttpAnswer {
  readonly url: URL;
}

/** Asks for an address. `extra` headers, such as Range, go along every redirect. */
export type HttpGet = (
  label: string,
  address: HttpAddress,
  extra: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
) => Promise<HttpResponse>;

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };
const USER_AGENT = `neuralzoo/${version}`;

/** Bodies of redirects and errors up to this size and time are read to keep the connection. */
const DUMP_BYTES = 16_384;
const DUMP_MS = 5_000;

/** @throws ZooError `USAGE`. The address itself may be a secret and is not shown. */
export function checkAddress(url: string | URL): URL {
  const address = URL.canParse(String(url)) ? new URL(url) : undefined;
  // Plain http is for mirrors that a company's own npm or pip configuration names; locators don't take it.
  if (address?.protocol !== 'https:' && address?.protocol !== 'http:') {
    throw new ZooError('USAGE', 'Not an address that can be read', { expected: 'https://…' });
  }
  if (address.username !== '' || address.password !== '') {
    throw new ZooError('USAGE', 'An address must not hold a user name or password', {
      hint: 'Put credentials into the configuration of the tool that they belong to.',
    });
  }
  address.hash = '';
  return address;
}

/** A `HttpGet` over `dispatcher`; follows redirects and drops the headers of `address` where they lead away. */
export function httpGet(dispatcher: Dispatcher): HttpGet {
  return (label, address, extra, signal) => follow(dispatcher, label, address, extra, signal);
}

async function follow(
  dispatcher: Dispatcher,
  label: string,
  address: HttpAddress,
  extra: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const first = new URL(address.url);
  let url = first;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await request(dispatcher, label, url, signal, {
      ...(url.origin === first.origin ? address.headers : {}),
      ...extra,
      'accept-encoding': 'identity',
      'user-agent': USER_AGENT,
    });
    if (!isRedirect(response.status)) return { ...response, url };
    discard(response.body);
    url = redirectTarget(label, url, header(response, 'location'));
  }
  throw new SourceFault('refused', `${label}: more than ${MOST_REDIRECTS} redirects`);
}

async function request(
  dispatcher: Dispatcher,
  label: string,
  url: URL,
  signal: AbortSignal | undefined,
  headers: Record<string, string>,
): Promise<HttpAnswer> {
  try {
    return await exchange(dispatcher, url, headers, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw networkFault(label, error);
  }
}

/** Lets go of a body that nobody reads, keeping the connection when little is left of it. */
export function discard(body: HttpBody): void {
  const timer = setTimeout(() => body.cancel(), DUMP_MS);
  const drain = async () => {
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > DUMP_BYTES) break;
    }
  };
  drain()
    .catch(() => {}) // the connection may break meanwhile, which no longer matters
    .finally(() => clearTimeout(timer));
}
