/** A file at an http address as a `RemoteFile`. */
import type { Span } from '../../core/pieces.js';
import { type RemoteFile, type RemoteRead, SourceFault } from '../remote-file.js';
import { checkResponse, type ResponseSpan } from './check-response.js';
import type { HttpBody } from './http-exchange.js';
import { checkAddress, discard, type HttpAddress, type HttpGet, type HttpResponse } from './http-get.js';
import { networkFault } from './network-fault.js';

export interface HttpFileOptions {
  /** For messages; without secrets. */
  readonly label: string;
  /** Headers for the origin of the address. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the file, where it is known; answers that say otherwise are refused as `missing`. */
  readonly size?: number;
  /** Asks for a fresh address when the one at hand has expired. Without it only redirects are asked for again. */
  readonly refresh?: (signal: AbortSignal) => Promise<HttpAddress>;
}

export function httpFile(get: HttpGet, address: HttpAddress, options: HttpFileOptions): RemoteFile {
  const { label, size } = options;
  let current = address;
  // Where the last redirect led: asking there saves a round trip a request until it expires.
  let resolved: URL | undefined;
  const host = new URL(address.url).host;

  async function read(span: Span | undefined, signal: AbortSignal): Promise<RemoteRead> {
    const origin = new URL(current.url).origin;
    const from: HttpAddress =
      resolved === undefined
        ? current
        : { url: resolved, headers: resolved.origin === origin ? (current.headers ?? {}) : {} };
    const extra: Record<string, string> =
      span === undefined ? {} : { range: `bytes=${span.start}-${span.end - 1}` };
    let response: HttpResponse | undefined;
    try {
      response = await get(label, from, extra, signal);
      const place = checkResponse(label, response, span, size);
      resolved = response.url.href === new URL(current.url).href ? undefined : response.url;
      return remoteRead(label, response, place, signal);
    } catch (error) {
      // A redirect may have led to a machine that is ill; the next try asks again where to go.
      if (!signal.aborted) resolved = undefined;
      if (response !== undefined) discard(response.body);
      throw error;
    }
  }

  return {
    label,
    host,
    size,
    read,
    async refresh(signal) {
      resolved = undefined;
      if (options.refresh === undefined) return;
      const fresh = await options.refresh(signal);
      current = { url: checkAddress(fresh.url), headers: fresh.headers ?? {} };
    },
  };
}

function remoteRead(
  label: string,
  response: HttpResponse,
  span: ResponseSpan,
  signal: AbortSignal,
): RemoteRead {
  return {
    ...span,
    body: { [Symbol.asyncIterator]: () => new CheckedBody(label, response.body, span, signal) },
    cancel: () => response.body.cancel(),
  };
}

/** Counts the bytes and names what goes wrong. An iterator by hand: a generator doubles the cost of a chunk. */
class CheckedBody implements AsyncIterator<Uint8Array> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #position: number;

  constructor(
    private readonly label: string,
    private readonly body: HttpBody,
    private readonly span: ResponseSpan,
    private readonly signal: AbortSignal,
  ) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#position = span.start;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const { start, end } = this.span;
    let result: IteratorResult<Uint8Array>;
    try {
      result = await this.#chunks.next();
    } catch (error) {
      this.signal.throwIfAborted();
      throw networkFault(this.label, error);
    }
    if (result.done) {
      if (end === undefined || this.#position >= end) return result;
      throw new SourceFault('broken', `${this.label}: the body ended after ${this.#position - start} bytes`);
    }
    this.#position += result.value.length;
    if (end !== undefined && this.#position > end) {
      this.body.cancel();
      throw new SourceFault('wrong', `${this.label}: the body is longer than announced`);
    }
    return result;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.body.cancel();
    return { done: true, value: undefined };
  }
}
