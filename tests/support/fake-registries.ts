/** Local servers that speak as npm registries and Python package indexes do, and remember what they were asked. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

export interface LocalServer {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  readonly port: number;
  /** All requests so far, oldest first. */
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** Answers each request with what `answer` gives; nothing is a 404. Bytes can be read by range. */
export async function localServer(
  answer: (request: Asked) => Answer | undefined | Promise<Answer | undefined>,
): Promise<LocalServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = { url: request.url ?? '', headers: request.headers };
    asked.push(one);
    send(one, response, (await answer(one)) ?? { status: 404 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  return { origin: `http://127.0.0.1:${port}`, port, asked, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function send(request: Asked, response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer) {
  const bytes = Buffer.from(body as Uint8Array);
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (status === 200 && range) {
    const start = Number(range[1]);
    const end = Math.min(Number(range[2]) + 1, bytes.length);
    const place = `bytes ${start}-${end - 1}/${bytes.length}`;
    response.writeHead(206, { ...headers, 'content-range': place, 'content-length': end - start });
    response.end(bytes.subarray(start, end));
    return;
  }
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  response.end(bytes);
}

export const json = (value: unknown, type = 'application/json'): Answer => ({
  headers: { 'content-type': type },
  body: JSON.stringify(value),
});

export const binary = (body: Uint8Array): Answer => ({
  headers: { 'content-type': 'application/octet-stream' },
  body,
});

export interface NpmRegistryOptions {
  /** Tarballs by `name@version`. */
  readonly packages: Readonly<Record<string, Uint8Array>>;
  /** Requests without this `Authorization` are answered with 401. */
  readonly authorization?: string;
  /** Path below which the registry lies, with a slash at its front and none at its end. */
  readonly prefix?: string;
  /** False: only whole packuments, as some company registries. */
  readonly versionAddresses?: boolean;
  /** Replaces the address that `dist.tarball` names. */
  readonly tarball?: (name: string, version: string) => string;
}

/** An npm registry. */
export async function npmRegistry(options: NpmRegistryOptions): Promise<LocalServer & { registry: string }> {
  const { prefix = '', packages } = options;
  const server: LocalServer = await localServer((request) => {
    if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
      return { status: 401 };
    }
    for (const [id, bytes] of Object.entries(packages)) {
      const at = id.lastIndexOf('@');
      const [name, version] = [id.slice(0, at), id.slice(at + 1)];
      const escaped = `${prefix}/${name.replace('/', '%2f')}`;
      const ownTarball = `${prefix}/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
      const manifest = {
        name,
        version,
        dist: {
          tarball: options.tarball?.(name, version) ?? `${server.origin}${ownTarball}`,
          integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
        },
      };
      if (request.url === ownTarball) return binary(bytes);
      if (options.versionAddresses !== false && request.url === `${escaped}/${version}`)
        return json(manifest);
      if (request.url === escaped) return json({ name, versions: { [version]: manifest } });
    }
    return undefined;
  });
  return { ...server, registry: `${server.origin}${prefix}/` };
}

export interface IndexedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly yanked?: boolean;
  /** What the page says instead of the true sha256; null: nothing. */
  readonly sha256?: string | null;
  /** What the page links to instead of the file's own place. */
  readonly url?: string;
}

export interface PythonIndexOptions {
  /** Files by normalised project name. */
  readonly projects: Readonly<Record<string, readonly IndexedFile[]>>;
  readonly style: 'json' | 'html';
  readonly authorization?: string;
}

/** A Python package index at `/simple`, whose files lie beside it. */
export async function pythonIndex(options: PythonIndexOptions): Promise<LocalServer & { index: string }> {
  const server = await localServer((request) => {
    if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
      return { status: 401 };
    }
    for (const [project, files] of Object.entries(options.projects)) {
      if (request.url === `/simple/${project}/`) {
        return options.style === 'json' ? jsonPage(project, files) : htmlPage(files);
      }
      const file = files.find(({ name }) => request.url === `/files/${encodeURIComponent(name)}`);
      if (file) return binary(file.bytes);
    }
    return undefined;
  });
  return { ...server, index: `${server.origin}/simple` };
}

function sha256Of(file: IndexedFile): string | null {
  return file.sha256 === undefined ? createHash('sha256').update(file.bytes).digest('hex') : file.sha256;
}

function jsonPage(project: string, files: readonly IndexedFile[]): Answer {
  return json(
    {
      meta: { 'api-version': '1.1' },
      name: project,
      files: files.map((file) => ({
        filename: file.name,
        url: file.url ?? `../../files/${encodeURIComponent(file.name)}`,
        hashes: sha256Of(file) === null ? {} : { sha256: sha256Of(file) },
        size: file.bytes.length,
        yanked: file.yanked ? 'broken upload' : false,
      })),
    },
    'application/vnd.pypi.simple.v1+json',
  );
}

function htmlPage(files: readonly IndexedFile[]): Answer {
  const links = files.map((file) => {
    const sha256 = sha256Of(file);
    const href = `${file.url ?? `../../files/${encodeURIComponent(file.name)}`}${sha256 === null ? '' : `#sha256=${sha256}`}`;
    return `<a href="${href}"${file.yanked ? ' data-yanked="broken upload"' : ''} data-requires-python="&gt;=3.8">${file.name}</a><br>`;
  });
  return {
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"></head><body>${links.join('\n')}</body></html>`,
  };
}
