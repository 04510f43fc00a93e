/** One GET with its redirects. */
import { createRequire } from 'node:module';
import type { Dispatcher } from 'undici';
import { ZooError } from '../../core/errors.js';
import { SourceFault } from '../remote-file.js';
import { networkFault } from './network-fault.js';
import { isRedirect, MOST_REDIRECTS, redirectTarget } from './redirects.js';
import type { ResponseHead } from './status-fault.js';

/** An address, and the headers that belong to its origin and to no other. */
export interface HttpAddress {
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer after redirects; the body has not been read. */
export interface HttpResponse extends ResponseHead {
  readonly body: Dispatcher.ResponseData['body'];
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
/** Bytes that may wait between the socket and the reader; below a megabyte the socket starves on fast links. */
const BODY_BUFFER = 1 << 20;

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
    if (!isRedirect(response.statusCode)) {
      return { status: response.statusCode, headers: response.headers, body: response.body, url };
    }
    discard(response.body);
    const location = response.headers.location;
    url = redirectTarget(label, url, Array.isArray(location) ? location[0] : location);
  }
  throw new SourceFault('refused', `${label}: more than ${MOST_REDIRECTS} redirects`);
}

async function request(
  dispatcher: Dispatcher,
  label: string,
  url: URL,
  signal: AbortSignal | undefined,
  headers: Record<string, string>,
): Promise<Dispatcher.ResponseData> {
  try {
    return await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers,
      signal: signal ?? null,
      highWaterMark: BODY_BUFFER,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw networkFault(label, error);
  }
}

/** Lets go of a body that nobody reads, keeping the connection when little is left of it. */
export function discard(body: HttpResponse['body']): void {
  body.on('error', () => {}); // the connection may break meanwhile, which no longer matters
  body.dump({ limit: DUMP_BYTES, signal: AbortSignal.timeout(DUMP_MS) }).catch(() => {});
}
