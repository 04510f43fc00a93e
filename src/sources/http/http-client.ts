/**
 * Reading over http. Secrets stay where they belong: the headers that come with an address go to its origin only
 * (scheme, host and port), whatever redirects say, and no message holds a header or the query of an address.
 */
import { type RemoteFile, SourceFault } from '../remote-file.js';
import { makeDispatcher } from './dispatcher.js';
import { type HttpFileOptions, httpFile } from './http-file.js';
import { checkAddress, discard, type HttpResponse, httpGet } from './http-get.js';
import { networkFault } from './network-fault.js';
import { header, statusFault } from './status-fault.js';

export type { HttpFileOptions } from './http-file.js';
export type { HttpAddress } from './http-get.js';

export interface HttpOptions {
  /** Where proxies and NODE_EXTRA_CA_CERTS are read; `process.env` by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** PEM certificates to trust in addition to Node's own and NODE_EXTRA_CA_CERTS. */
  readonly ca?: readonly string[];
  /** Until a connection stands, TLS included. 10 s by default. */
  readonly connectTimeoutMs?: number;
  /** From the request to the last header of the answer. 30 s by default. */
  readonly headersTimeoutMs?: number;
}

export interface HttpTextOptions {
  /** For messages; host and path of the address by default. */
  readonly label?: string;
  /** Headers for the origin of the address. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A longer body is refused. 16 MB by default. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface HttpText {
  readonly body: string;
  /** In lower case and without parameters; empty when the server says none. */
  readonly contentType: string;
  /** Where the answer came from after redirects; relative links in the body start here. */
  readonly finalUrl: URL;
}

export interface HttpClient {
  /**
   * A file at an address, read by ranges or whole.
   * @throws ZooError `USAGE` for an address that is neither https nor http, or holds a user name or password.
   */
  file(url: string | URL, options: HttpFileOptions): RemoteFile;
  /** A small JSON document. @throws SourceFault; an abort rejects with the signal's reason. */
  json(url: string | URL, options?: HttpTextOptions): Promise<unknown>;
  /** A small text. @throws SourceFault; an abort rejects with the signal's reason. */
  text(url: string | URL, options?: HttpTextOptions): Promise<HttpText>;
  /** Ends all connections, also those in use. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 30_000;
const MOST_TEXT_BYTES = 16_000_000;
/** Metadata has no watchdog above it. */
const TEXT_TIMEOUT_MS = 60_000;

/** @throws ZooError `USAGE` when the proxies or certificates in the environment can't be read. */
export function openHttp(options: HttpOptions = {}): HttpClient {
  const dispatcher = makeDispatcher({
    env: options.env ?? process.env,
    ca: options.ca ?? [],
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    headersTimeoutMs: options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS,
  });
  const get = httpGet(dispatcher);

  async function text(url: string | URL, textOptions: HttpTextOptions = {}): Promise<HttpText> {
    const address = checkAddress(url);
    const label = textOptions.label ?? `${address.host}${address.pathname}`;
    const deadline = AbortSignal.timeout(TEXT_TIMEOUT_MS);
    const signal = textOptions.signal ? AbortSignal.any([textOptions.signal, deadline]) : deadline;
    try {
      const response = await get(label, { url: address, headers: textOptions.headers ?? {} }, {}, signal);
      const body = await readText(label, response, textOptions.maxBytes ?? MOST_TEXT_BYTES);
      const contentType = header(response, 'content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
      return { body, contentType, finalUrl: response.url };
    } catch (error) {
      textOptions.signal?.throwIfAborted();
      if (deadline.aborted) throw new SourceFault('broken', `${label}: no answer in time`, { cause: error });
      throw networkFault(label, error);
    }
  }

  return {
    file: (url, fileOptions) => {
      const address = checkAddress(url);
      return httpFile(get, { url: address, headers: fileOptions.headers ?? {} }, fileOptions);
    },
    text,
    async json(url, textOptions) {
      const { body, contentType } = await text(url, textOptions);
      try {
        return JSON.parse(body) as unknown;
      } catch (cause) {
        const label = textOptions?.label ?? new URL(url).host;
        const kind = contentType === '' ? 'a text' : contentType.slice(0, 60);
        throw new SourceFault('wrong', `${label}: the server sent ${kind} that is not JSON`, { cause });
      }
    },
    close: () => dispatcher.destroy(),
  };
}

async function readText(label: string, response: HttpResponse, maxBytes: number): Promise<string> {
  if (response.status !== 200) {
    discard(response.body);
    throw statusFault(label, response);
  }
  const encoding = header(response, 'content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    discard(response.body);
    throw new SourceFault('wrong', `${label}: the server sent a compressed body that was not asked for`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    // Throwing out of the loop cancels the body.
    if (bytes > maxBytes) {
      throw new SourceFault('wrong', `${label}: the answer is longer than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
