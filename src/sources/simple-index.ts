/** One project's page of a Python package index: JSON (PEP 691) or HTML (PEP 503). */
import type { DefaultTreeAdapterMap } from 'parse5';
import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.js';
import { SourceFault } from './remote-file.js';

export interface IndexFile {
  readonly name: string;
  /** Absolute, without fragment. */
  readonly url: string;
  /** When the index tells it. */
  readonly sha256: Digest | undefined;
  readonly size: number | undefined;
  /** Withdrawn by its authors (PEP 592); still there for those who name it exactly. */
  readonly yanked: boolean;
}

/** What is asked for: JSON where the index has it. */
export const ACCEPTED_PAGES =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01';

const JSON_PAGE = z.object({
  meta: z.object({ 'api-version': z.string() }),
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      size: z.number().int().nonnegative().optional(),
      yanked: z.union([z.boolean(), z.string()]).optional(),
    }),
  ),
});

/** The name of a project as addresses spell it (PEP 503). */
export function normalizedProject(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/**
 * @param contentType of the answer, without parameters.
 * @param address where the page came from; relative links start there.
 * @throws SourceFault `wrong` when it is no page of an index.
 */
export async function parseProjectPage(
  body: string,
  contentType: string,
  address: URL,
  label: string,
): Promise<IndexFile[]> {
  if (contentType.endsWith('json')) return parseJson(body, address, label);
  if (contentType.endsWith('html')) return parseHtml(body, address, label);
  throw new SourceFault(
    'wrong',
    `${label}: the index answered with ${contentType.slice(0, 60) || 'something'}`,
  );
}

function parseJson(body: string, address: URL, label: string): IndexFile[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new SourceFault('wrong', `${label}: the index's answer is not JSON`, { cause });
  }
  const page = JSON_PAGE.safeParse(value);
  if (!page.success) throw new SourceFault('wrong', `${label}: the index's answer is not a project's page`);
  checkVersion(page.data.meta['api-version'], label);
  return page.data.files.flatMap((file) => {
    const url = resolveLink(file.url, address);
    if (url === undefined) return [];
    const { filename: name, size, hashes, yanked = false } = file;
    return [{ name, url: url.href, sha256: digest(hashes.sha256), size, yanked: yanked !== false }];
  });
}

async function parseHtml(body: string, address: URL, label: string): Promise<IndexFile[]> {
  const { parse } = await import('parse5'); // most indexes answer in JSON

  const links: Map<string, string>[] = [];
  let base = address;
  let baseSeen = false;
  for (const node of elements(parse(body))) {
    const attributes = new Map(node.attrs.map(({ name, value }) => [name, value]));
    const href = attributes.get('href');
    if (node.tagName === 'meta' && attributes.get('name') === 'pypi:repository-version') {
      checkVersion(attributes.get('content') ?? '', label);
    }
    if (node.tagName === 'base' && href !== undefined && !baseSeen) {
      baseSeen = true;
      base = resolveLink(href, address) ?? address;
    }
    if (node.tagName === 'a') links.push(attributes);
  }
  return links.flatMap((attributes) => {
    const url = resolveLink(attributes.get('href') ?? '', base);
    if (url === undefined) return [];
    const sha256 = digest(/^#sha256=(.*)$/.exec(url.hash)?.[1]);
    url.hash = '';
    const name = lastSegment(url);
    return name === ''
      ? []
      : [{ name, url: url.href, sha256, size: undefined, yanked: attributes.has('data-yanked') }];
  });
}

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

function* elements(root: Node): Generator<Element> {
  const stack: Node[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if ('tagName' in node) yield node;
    if ('childNodes' in node) stack.push(...node.childNodes.toReversed());
  }
}

function checkVersion(version: string, label: string): void {
  if (version.split('.')[0] !== '1') {
    throw new SourceFault('wrong', `${label}: the index speaks version ${version.slice(0, 20)} instead of 1`);
  }
}

function resolveLink(link: string, base: URL): URL | undefined {
  return URL.canParse(link, base.href) ? new URL(link, base) : undefined;
}

function digest(hex: string | undefined): Digest | undefined {
  const lower = hex?.toLowerCase();
  return isDigest(lower) ? lower : undefined;
}

function lastSegment(url: URL): string {
  const segment = url.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
