import { writeFileSync } from 'node:fs';
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect, createServer as createRaw, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpClient, type HttpOptions, openHttp } from '../../../src/sources/http/http-client.js';
import { type RemoteRead, SourceFault } from '../../../src/sources/remote-file.js';
import { temporaryFolder } from '../../download/engine.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.js';

const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function client(options: HttpOptions = {}): HttpClient {
  const http = openHttp({ env: {}, ...options });
  cleanups.push(() => http.close());
  return http;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const serve = async (handler: Handler): Promise<string> =>
  `http://127.0.0.1:${await listen(createPlain(handler))}`;

async function bytesOf(read: RemoteRead): Promise<string> {
  let text = '';
  for await (const chunk of read.body) text += Buffer.from(chunk).toString('latin1');
  return text;
}

async function faultOf(work: Promise<unknown>): Promise<SourceFault> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SourceFault)) throw new Error(`a fault is expected, not ${String(error)}`);
  return error;
}

describe('headers', () => {
  it('asks without compression, with a name, a range, and the headers of the address', async () => {
    const origin = await serve((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.headers));
    });
    const headers = await client().json(`${origin}/x`, { headers: { authorization: 'Bearer secret' } });
    expect(headers).toMatchObject({ 'accept-encoding': 'identity', authorization: 'Bearer secret' });
    expect(headers).toHaveProperty('user-agent', expect.stringMatching(/^neuralzoo\/\d+\.\d+\.\d+/));
    expect(headers).not.toHaveProperty('range');
  });

  it('go to their own origin only: not to another port, but again to the own one', async () => {
    const seen: [string, string | undefined, string | undefined][] = [];
    let first = '';
    const second = await serve((request, response) => {
      seen.push([`second${request.url}`, request.headers.authorization, request.headers.range]);
      response.writeHead(302, { location: `${first}/back` }).end();
    });
    first = await serve((request, response) => {
      seen.push([`first${request.url}`, request.headers.authorization, request.headers.range]);
      if (request.url === '/start') response.writeHead(307, { location: `${second}/there` }).end();
      else response.writeHead(206, { 'content-range': 'bytes 1-2/5', 'content-length': 2 }).end('bc');
    });
    const file = client().file(`${first}/start`, { label: 'f', headers: { authorization: 'Bearer secret' } });
    expect(await bytesOf(await file.read({ start: 1, end: 3 }, never))).toBe('bc');
    expect(seen).toEqual([
      ['first/start', 'Bearer secret', 'bytes=1-2'],
      ['second/there', undefined, 'bytes=1-2'],
      ['first/back', 'Bearer secret', 'bytes=1-2'],
    ]);
  });

  it('are not sent when a later read goes straight to where the redirect led', async () => {
    const seen: (string | undefined)[] = [];
    const second = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('hello');
    });
    let asked = 0;
    const first = await serve((_, response) => {
      asked++;
      response.writeHead(302, { location: `${second}/signed?key=1` }).end();
    });
    const file = client().file(first, { label: 'f', headers: { authorization: 'Bearer secret' } });
    expect(await bytesOf(await file.read(undefined, never))).toBe('hello');
    expect(await bytesOf(await file.read(undefined, never))).toBe('hello');
    expect([asked, ...seen]).toEqual([1, undefined, undefined]);
    await file.refresh?.(never);
    await bytesOf(await file.read(undefined, never));
    expect(asked).toBe(2);
  });

  it('never show in an error, nor does the query of an address', async () => {
    const origin = await serve((request, response) => {
      if (request.url?.startsWith('/a')) response.writeHead(302, { location: '/b?signature=hidden' }).end();
      else response.socket?.destroy();
    });
    const file = client().file(`${origin}/a?token=hidden`, {
      label: 'the file',
      headers: { authorization: 'Bearer hidden' },
    });
    const fault = await faultOf(file.read({ start: 0, end: 5 }, never));
    expect(fault.message).toContain('the file: ');
    expect(`${fault.message}${fault.stack}${String(fault.cause)}`).not.toContain('hidden');
    const text = await faultOf(client().text(`${origin}/a?token=hidden`));
    expect(text.message).not.toContain('hidden');
  });
});

describe('redirects that are refused', () => {
  it.each([
    ['a way to another machine without encryption', 'http://example.invalid/x'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
    ['an address with a user name', 'https://user:pass@example.invalid/x'],
    ['no address', 'http://[/'],
  ])('%s', async (_, location) => {
    const origin = await serve((_request, response) => response.writeHead(302, { location }).end());
    const fault = await faultOf(client().file(origin, { label: 'f' }).read(undefined, never));
    expect(fault.kind).toBe('refused');
    expect(fault.message).toMatch(/^f: redirected to /);
    expect(fault.message).not.toContain('pass@');
  });

  it('no location at all', async () => {
    const origin = await serve((_, response) => response.writeHead(302).end());
    expect((await faultOf(client().text(origin))).kind).toBe('refused');
  });

  it('from https to http, also on this machine', async () => {
    const plain = await serve((_, response) => response.end('x'));
    const port = await listen(
      createSecure({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (_, response) => {
        response.writeHead(302, { location: plain }).end();
      }),
    );
    const http = client({ ca: [TEST_CERTIFICATE] });
    expect((await faultOf(http.text(`https://localhost:${port}/`))).message).toContain('without encryption');
  });

  it('a circle', async () => {
    let requests = 0;
    const origin = await serve((_, response) => {
      requests++;
      response.writeHead(302, { location: '/again' }).end();
    });
    expect((await faultOf(client().text(origin))).message).toContain('more than 5 redirects');
    expect(requests).toBe(6);
  });
});

describe('addresses that are refused', () => {
  it.each(['ftp://example.invalid/x', 'https://user@example.invalid/', 'no address', 'file:///etc/passwd'])(
    '%s',
    (url) => {
      expect(() => client().file(url, { label: 'f' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );
});

describe('bodies', () => {
  it('are read to the end, and counted', async () => {
    const origin = await serve((_, response) => response.end('hello'));
    const read = await client().file(origin, { label: 'f' }).read(undefined, never);
    expect([read.start, read.end, read.total]).toEqual([0, 5, 5]);
    expect(await bytesOf(read)).toBe('hello');
  });

  it('that end early or are reset are broken', async () => {
    for (const end of ['destroySoon', 'resetAndDestroy'] as const) {
      const origin = await serve((_, response) => {
        response.writeHead(200, { 'content-length': 10 });
        response.write('hello', () => response.socket?.[end]());
      });
      const read = await client().file(origin, { label: 'f' }).read(undefined, never);
      expect((await faultOf(bytesOf(read))).kind).toBe('broken');
    }
  });

  it('that are longer than the range are wrong', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-3/9' }).end('hello');
    });
    const read = await client().file(origin, { label: 'f' }).read({ start: 0, end: 4 }, never);
    expect((await faultOf(bytesOf(read))).kind).toBe('wrong');
  });

  it('end with the reason of an abort', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('hello');
    });
    const stop = new AbortController();
    const reason = new Error('enough');
    const read = await client().file(origin, { label: 'f' }).read(undefined, stop.signal);
    setTimeout(() => stop.abort(reason), 20);
    await expect(bytesOf(read)).rejects.toBe(reason);
    await expect(client().file(origin, { label: 'f' }).read(undefined, stop.signal)).rejects.toBe(reason);
  });

  it('may be cancelled before they are read', async () => {
    let closed = 0;
    const origin = await serve((_, response) => {
      response.on('close', () => closed++);
      response.writeHead(200, { 'content-length': 1e9 });
      response.write('x'.repeat(1e6));
    });
    const read = await client().file(origin, { label: 'f' }).read(undefined, never);
    read.cancel();
    read.cancel();
    await expect.poll(() => closed).toBe(1);
  });

  it('of an old server that closes while the reader is behind do no harm', async () => {
    // undici 7 threw out of the socket's "end" event here, which nothing can catch.
    const size = 1 << 20; // the parser pauses right at the last chunk
    for (const length of [`content-length: ${size}\r\n`, '']) {
      const server = createRaw((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.write(`HTTP/1.0 200 OK\r\n${length}\r\n`);
          socket.end(Buffer.alloc(size, 'x'));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cleanups.push(() => server.close());
      const { port } = server.address() as AddressInfo;
      const read = await client().file(`http://127.0.0.1:${port}/`, { label: 'f' }).read(undefined, never);
      await new Promise((resolve) => setTimeout(resolve, 200));
      let bytes = 0;
      for await (const chunk of read.body) {
        bytes += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(bytes).toBe(size);
    }
  });
});

describe('connections', () => {
  it('are kept alive between requests', async () => {
    const ports = new Set<number | undefined>();
    const origin = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    });
    const file = client().file(origin, { label: 'f' });
    for (let i = 0; i < 20; i++) await bytesOf(await file.read(undefined, never));
    // A request that follows right on the heels of a body may find its connection not yet free.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('that nobody takes, or hosts that nobody knows, are faults', async () => {
    const server = createPlain();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const gone = await faultOf(client().text(`http://127.0.0.1:${port}/`));
    expect([gone.kind, gone.message]).toEqual(['broken', expect.stringContaining('refused')]);
    const unknown = await faultOf(client().text('http://does-not-exist.invalid/'));
    expect(['refused', 'broken']).toContain(unknown.kind);
  });

  it('have to answer in time', async () => {
    const origin = await serve(() => {});
    const fault = await faultOf(client({ headersTimeoutMs: 50 }).text(origin));
    expect([fault.kind, fault.message]).toEqual(['broken', expect.stringContaining('no answer in time')]);
  });
});

describe('TLS', () => {
  async function secure(): Promise<string> {
    const server = createSecure({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (_, response) =>
      response.end('hi'),
    );
    return `https://localhost:${await listen(server)}/`;
  }

  it('does not trust a certificate that nobody vouches for', async () => {
    const fault = await faultOf(client().text(await secure()));
    expect([fault.kind, fault.message]).toEqual(['refused', expect.stringContaining('not trusted')]);
  });

  it('trusts extra certificates', async () => {
    expect((await client({ ca: [TEST_CERTIFICATE] }).text(await secure())).body).toBe('hi');
  });

  it('keeps trusting NODE_EXTRA_CA_CERTS beside them', async () => {
    const folder = temporaryFolder();
    cleanups.push(() => folder.remove());
    const file = join(folder.path, 'extra.pem');
    writeFileSync(file, TEST_CERTIFICATE);
    const other = client({ ca: [TEST_CERTIFICATE], env: { NODE_EXTRA_CA_CERTS: file } });
    expect((await other.text(await secure())).body).toBe('hi');
  });

  it('says when certificates can not be read', () => {
    expect(() => openHttp({ env: { NODE_EXTRA_CA_CERTS: '/nowhere' }, ca: [TEST_CERTIFICATE] })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

describe('a proxy of the environment', () => {
  async function proxy(): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const server = createPlain((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.end('from the proxy');
    });
    server.on('connect', (request, socket: Socket) => {
      seen.push(`CONNECT ${request.url}`);
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
      cleanups.push(() => upstream.destroy());
    });
    return { url: `http://127.0.0.1:${await listen(server)}`, seen };
  }

  it('is asked for plain addresses with the whole address, and left out where NO_PROXY says so', async () => {
    const origin = await serve((_, response) => response.end('direct'));
    const { url, seen } = await proxy();
    expect((await client({ env: { HTTP_PROXY: url } }).text(`${origin}/x`)).body).toBe('from the proxy');
    expect(seen).toEqual([`GET ${origin}/x`]);
    const around = client({ env: { http_proxy: url, no_proxy: '127.0.0.1' } });
    expect((await around.text(`${origin}/x`)).body).toBe('direct');
    expect(seen).toHaveLength(1);
  });

  it('makes a tunnel for https, which it can not look into', async () => {
    const { url, seen } = await proxy();
    const port = await listen(
      createSecure({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (_, response) => response.end('secret')),
    );
    const http = client({ env: { HTTPS_PROXY: url }, ca: [TEST_CERTIFICATE] });
    expect((await http.text(`https://localhost:${port}/x`)).body).toBe('secret');
    expect(seen).toEqual([`CONNECT localhost:${port}`]);
  });

  it('with an address that can not be read is named without showing it', () => {
    expect(() => openHttp({ env: { HTTPS_PROXY: 'http://user:hidden@[' } })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.not.stringContaining('hidden') }),
    );
  });
});

describe('text and json', () => {
  it('say where they came from and what they are', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(301, { location: '/b/c' }).end();
      else response.setHeader('content-type', 'Text/Plain; charset=utf-8').end('grüß dich');
    });
    const { body, contentType, finalUrl } = await client().text(`${origin}/a`);
    expect([body, contentType, finalUrl.href]).toEqual(['grüß dich', 'text/plain', `${origin}/b/c`]);
  });

  it('are bounded', async () => {
    const origin = await serve((_, response) => response.end('x'.repeat(1_000)));
    expect((await client().text(origin, { maxBytes: 1_000 })).body).toHaveLength(1_000);
    const fault = await faultOf(client().text(origin, { maxBytes: 999 }));
    expect([fault.kind, fault.message]).toEqual(['wrong', expect.stringContaining('longer than 999 bytes')]);
  });

  it('fail as a status or a page says', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/missing') response.writeHead(404).end('no');
      else response.setHeader('content-type', 'text/html').end('<html>');
    });
    expect((await faultOf(client().json(`${origin}/missing`))).status).toBe(404);
    expect((await faultOf(client().json(`${origin}/page`))).message).toContain('text/html that is not JSON');
  });
});
