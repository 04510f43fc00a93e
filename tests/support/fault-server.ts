/**
 * A real HTTP server on loopback that serves files with ranges and misbehaves on request, in every way that has
 * been seen in the field. What it does to a request is decided by a function, so that a test can say "the third
 * request is reset after 1000 bytes" and a seeded run can draw faults at random.
 */
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type Fault =
  /** The connection is reset after so many bytes of the body. */
  | { readonly kind: 'reset'; readonly after: number }
  /** Nothing more comes after so many bytes; the connection stays open. */
  | { readonly kind: 'stall'; readonly after: number }
  /** The body comes in chunks with pauses. */
  | { readonly kind: 'slow'; readonly chunk: number; readonly pauseMs: number }
  /** The connection is closed so many bytes before the end. */
  | { readonly kind: 'short'; readonly less: number }
  /** So many bytes follow after the end of what the Content-Range promises. */
  | { readonly kind: 'long'; readonly more: number }
  /** One bit of the byte at this offset of the body is flipped. */
  | { readonly kind: 'flip'; readonly at: number }
  /** 200 with everything, whatever range was asked for. */
  | { readonly kind: 'whole' }
  /** The Content-Range, and the bytes, of a range that begins so many bytes later. */
  | { readonly kind: 'shifted'; readonly by: number }
  /** A Content-Range with another size of the whole file. */
  | { readonly kind: 'other-total'; readonly total: number }
  /** `Content-Encoding: gzip`. */
  | { readonly kind: 'compressed' }
  /** `multipart/byteranges`. */
  | { readonly kind: 'multipart' }
  /** The log-in page of a hotel: 200 and HTML. */
  | { readonly kind: 'html' }
  /** A status without a body; for redirects, signed addresses and busy servers with headers. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** Right, but without Content-Length (chunked). */
  | { readonly kind: 'no-length' }
  /** Right, but as HTTP/1.0 without Content-Length: the end is where the connection closes. */
  | { readonly kind: 'http10' };

export interface FaultRequest {
  /** From 0, over all requests to the server. */
  readonly index: number;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
  readonly range: { readonly start: number; readonly end: number } | undefined;
}

export interface FaultServer {
  readonly origin: string;
  readonly port: number;
  /** Every request so far. */
  readonly requests: readonly FaultRequest[];
  /** Bytes of bodies given to the sockets. */
  readonly bodyBytes: number;
  /** Most requests that were being answered at the same time. */
  readonly mostAtOnce: number;
  /** Serves `bytes` at `/name`. @returns its address. */
  serve(name: string, bytes: Uint8Array): string;
  /** Decides about each request; undefined: served as it should be. */
  plan: (request: FaultRequest) => Fault | undefined;
  close(): Promise<void>;
}

export async function startFaultServer(): Promise<FaultServer> {
  const files = new Map<string, Uint8Array>();
  const requests: FaultRequest[] = [];
  const sockets = new Set<Socket>();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one listener for each slow answer
  let bodyBytes = 0;
  let atOnce = 0;
  let mostAtOnce = 0;

  const server = createServer((message, response) => {
    const request = describe(message, requests.length);
    requests.push(request);
    atOnce++;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    let answering = true;
    const done = () => {
      if (answering) atOnce--;
      answering = false;
    };
    response.once('finish', done).once('close', done);
    respond(request, response, files.get(request.path), handle.plan(request), closing.signal, (bytes) => {
      bodyBytes += bytes;
    }).catch(() => response.destroy()); // the client has gone, or the server is being closed
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // clients that cancel reset the connection
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const handle: FaultServer = {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    get bodyBytes() {
      return bodyBytes;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    serve(name, bytes) {
      files.set(`/${name}`, bytes);
      return `http://127.0.0.1:${port}/${name}`;
    },
    plan: () => undefined,
    async close() {
      closing.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return handle;
}

function describe(message: IncomingMessage, index: number): FaultRequest {
  const url = new URL(message.url ?? '/', 'http://127.0.0.1');
  const match = /^bytes=(\d+)-(\d+)$/.exec(message.headers.range ?? '');
  const range = match ? { start: Number(match[1]), end: Number(match[2]) + 1 } : undefined;
  return { index, path: url.pathname, query: url.search, headers: message.headers, range };
}

async function respond(
  request: FaultRequest,
  response: ServerResponse,
  file: Uint8Array | undefined,
  fault: Fault | undefined,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<void> {
  if (fault?.kind === 'status') {
    response.writeHead(fault.status, { 'content-length': 0, ...fault.headers }).end();
    return;
  }
  if (fault?.kind === 'html') {
    const page = '<!doctype html><title>Welcome to our hotel</title><form action="/login"></form>';
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length })
      .end(page);
    return;
  }
  if (file === undefined) {
    response.writeHead(404, { 'content-length': 0 }).end();
    return;
  }
  const asked = fault?.kind === 'whole' ? undefined : request.range;
  if (asked && asked.start >= file.length) {
    response.writeHead(416, { 'content-length': 0, 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const shift = fault?.kind === 'shifted' ? fault.by : 0;
  const start = Math.min(file.length - 1, (asked?.start ?? 0) + shift);
  const end = Math.min(file.length, (asked?.end ?? file.length) + shift);
  let body = file.length === 0 ? file : file.subarray(Math.max(0, start), end);
  const total = fault?.kind === 'other-total' ? fault.total : file.length;
  const headers: Record<string, string | number> = { 'content-type': 'application/octet-stream' };
  if (asked) headers['content-range'] = `bytes ${start}-${end - 1}/${total}`;
  if (fault?.kind === 'compressed') headers['content-encoding'] = 'gzip';
  if (fault?.kind === 'multipart') headers['content-type'] = 'multipart/byteranges; boundary=x';
  if (fault?.kind === 'flip' && body.length > 0) {
    body = Uint8Array.from(body);
    const at = fault.at % body.length;
    body[at] = (body[at] ?? 0) ^ 1;
  }
  if (fault?.kind === 'long') body = Buffer.concat([body, Buffer.alloc(fault.more, 0xee)]);
  const open = fault?.kind === 'no-length' || fault?.kind === 'http10' || fault?.kind === 'long';
  if (!open) headers['content-length'] = body.length;
  if (fault?.kind === 'http10') {
    sendOldStyle(response, asked ? 206 : 200, headers, body);
    count(body.length);
    return;
  }
  response.writeHead(asked ? 206 : 200, headers);
  response.flushHeaders();
  await sendBody(response, body, fault, signal, count);
}

async function sendBody(
  response: ServerResponse,
  body: Uint8Array,
  fault: Fault | undefined,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<void> {
  if (fault?.kind === 'slow') {
    for (let at = 0; at < body.length; at += fault.chunk) {
      const chunk = body.subarray(at, at + fault.chunk);
      count(chunk.length);
      await write(response, chunk);
      if (at + fault.chunk < body.length) await delay(fault.pauseMs, undefined, { signal });
      if (response.destroyed) return;
    }
    response.end();
    return;
  }
  const cut = cutOf(fault, body.length);
  const sent = body.subarray(0, cut);
  count(sent.length);
  await write(response, sent);
  if (fault?.kind === 'reset') response.socket?.resetAndDestroy();
  else if (fault?.kind === 'short') response.socket?.destroySoon();
  else if (fault?.kind !== 'stall') response.end();
}

function cutOf(fault: Fault | undefined, length: number): number {
  if (fault?.kind === 'reset' || fault?.kind === 'stall') return Math.min(length, fault.after);
  if (fault?.kind === 'short') return Math.max(0, length - fault.less);
  return length;
}

function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function sendOldStyle(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  body: Uint8Array,
): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  response.socket?.write(`HTTP/1.0 ${status} OK\r\n${lines.join('')}\r\n`);
  response.socket?.end(body);
}

/** A small generator of random numbers in [0, 1) with a seed (mulberry32), so that a run can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `size` bytes that only `seed` decides. */
export function seededBytes(seed: number, size: number): Buffer {
  const random = seededRandom(seed);
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < words.length; index++) words[index] = random() * 2 ** 32;
  return Buffer.from(words.buffer, 0, size);
}
