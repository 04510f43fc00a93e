/**
 * Makes registry/runtime-offers.json from the Python index and npm's registry.
 *
 *   npx tsx scripts/runtime/update-offers.ts [--archives cache/runtime-archives]
 *
 * Sizes and digests of wheels are those that the index states, those of the files in them what the wheel's RECORD
 * states; wheels are read by range. The wheels that are marked as tested are also fetched whole with pip's own client
 * and every digest is compared with the real bytes. npm packages are fetched with npm's own client and hashed.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { memberBytes } from '../../src/archive/member-bytes.js';
import { openZip } from '../../src/archive/zip-directory.js';
import { type Digest, sha256, sha256OfFile } from '../../src/core/digest.js';
import { parseLocator } from '../../src/registry/locator.js';
import { openHttp } from '../../src/sources/http/http-client.js';
import { openSources } from '../../src/sources/open-sources.js';
import { readPipConfig } from '../../src/sources/pip-config.js';
import { ACCEPTED_PAGES, type IndexFile, parseProjectPage } from '../../src/sources/simple-index.js';
import { urlBelow } from '../../src/sources/url-path.js';
import { pullArchive, readMembers } from '../cards/packages.js';
import {
  cudaPackages,
  DEFAULT_VERSION,
  isWantedOfCuda,
  isWantedOfTensorflow,
  NEEDED_OF_TENSORFLOW,
  OFFERS,
  PACKAGES,
  tensorflowWheel,
} from './wanted.js';
import { readRecord } from './wheel-record.js';

interface Archive {
  readonly locator: string;
  readonly size: number;
  readonly sha256: Digest;
  /** Of wheels also the bytes that cross the network for a file. */
  readonly files: Readonly<Record<string, readonly [size: number, sha256: Digest, packed?: number]>>;
}

const { values: options } = parseArgs({
  options: {
    archives: { type: 'string', default: 'cache/runtime-archives' },
    output: { type: 'string', default: 'registry/runtime-offers.json' },
  },
});
const { signal } = new AbortController();
const sources = openSources();
const settings = await readPipConfig(process.env, signal);
const http = openHttp({ env: settings.env, ca: settings.ca });
const pages = new Map<string, Promise<readonly IndexFile[]>>();
const archives = new Map<string, Archive>();

function pageOf(project: string): Promise<readonly IndexFile[]> {
  const page = pages.get(project) ?? fetchPage(project);
  pages.set(project, page);
  return page;
}

async function fetchPage(project: string): Promise<readonly IndexFile[]> {
  const [index] = settings.indexes;
  if (index === undefined) throw new Error('pip names no index');
  const url = urlBelow(index, `${project}/`);
  const headers = { ...settings.headersFor(url), accept: ACCEPTED_PAGES };
  const page = await http.text(url, { label: project, headers, maxBytes: 64_000_000, signal });
  return parseProjectPage(page.body, page.contentType, page.finalUrl, project);
}

/** Adds a wheel to the table and returns its file name. */
async function addWheel(
  project: string,
  version: string,
  isFile: (file: IndexFile) => boolean,
  isWanted: (path: string) => boolean,
): Promise<string> {
  const found = (await pageOf(project)).filter(isFile);
  const [file] = found;
  if (file === undefined || found.length > 1) {
    throw new Error(`${project} ${version}: ${found.length} wheels fit`);
  }
  const { name, size, sha256: digest } = file;
  if (digest === undefined) throw new Error(`the index states no digest of ${name}`);
  const locator = `pypi:${project}==${version}`;
  const hint = { name, size: size ?? 0, sha256: digest };
  const candidate = sources.candidate(parseLocator(locator), hint);
  const known = size ?? (await candidate.open(signal)).size;
  if (known === undefined) throw new Error(`nobody states the size of ${name}`);
  const files = [...(await readRecord(candidate, signal))].filter(([path]) => isWanted(path));
  archives.set(name, {
    locator,
    size: known,
    sha256: digest,
    files: Object.fromEntries(files.map(([path, one]) => [path, [one.size, one.sha256, one.packed]])),
  });
  console.log(`${name}: ${files.length} files`);
  return name;
}

/** Compares a wheel's digests with its real bytes. */
async function checkWheel(name: string): Promise<void> {
  const archive = archives.get(name);
  if (archive === undefined) throw new Error(`${name} is not in the table`);
  const platforms = ['manylinux_2_27_x86_64', 'manylinux2014_x86_64'].flatMap((tag) => ['--platform', tag]);
  const pip = ['--python-version', '311', ...platforms];
  const path = await pullArchive({ locator: archive.locator, name, pip }, options.archives);
  if ((await sha256OfFile(path)) !== archive.sha256) throw new Error(`${name} has another digest`);
  const zip = await openZip(await sources.candidate({ scheme: 'file', file: path }).open(signal), signal);
  for (const [member, [, digest]] of Object.entries(archive.files)) {
    const hash = createHash('sha256');
    for await (const chunk of memberBytes(await zip.member(member, signal), signal)) hash.update(chunk);
    if (hash.digest('hex') !== digest) throw new Error(`${name}: ${member} has another digest`);
  }
  console.log(`${name}: the real bytes have these digests`);
}

async function addPackage(locator: string, isWanted: (path: string) => boolean): Promise<string> {
  const parsed = parseLocator(locator);
  if (parsed.scheme !== 'npm') throw new Error(`${locator} is not of npm`);
  const name = `${parsed.name.replace('@', '').replace('/', '-')}-${parsed.version}.tgz`;
  const path = await pullArchive({ locator, name }, options.archives);
  const bytes = await readFile(path);
  const { integrity } = (await sources.describe(parsed, signal)) ?? {};
  if (integrity !== `sha512-${await sha512(path)}`)
    throw new Error(`${locator} is not what npm's registry says`);
  const files = [...(await readMembers(path))]
    .filter(([member]) => isWanted(member))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  archives.set(name, {
    locator,
    size: bytes.length,
    sha256: sha256(bytes),
    files: Object.fromEntries(files.map(([member, data]) => [member, [data.length, sha256(data)]])),
  });
  console.log(`${name}: ${files.length} files`);
  return name;
}

async function sha512(path: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}

const packages: string[] = [];
for (const { locator, isWanted } of PACKAGES) packages.push(await addPackage(locator, isWanted));

const offers: object[] = [];
for (const offer of OFFERS) {
  const { project, name } = tensorflowWheel(offer);
  const wheel = await addWheel(project, offer.tensorflow, (file) => file.name === name, isWantedOfTensorflow);
  const needed = Object.keys(archives.get(wheel)?.files ?? {}).filter((path) => !path.endsWith('.txt'));
  if (needed.length !== NEEDED_OF_TENSORFLOW) throw new Error(`${wheel} has ${needed.length} of the files`);
  const cuda: string[] = [];
  for (const requirement of offer.device === 'gpu' ? cudaPackages(offer.tensorflow) : []) {
    const [package_ = '', version = ''] = requirement.split('==');
    const start = `${package_.replaceAll('-', '_')}-${version}-`;
    const fits = (file: IndexFile) => file.name.startsWith(start) && file.name.endsWith('x86_64.whl');
    const known = [...archives.keys()].find((key) => key.startsWith(start));
    cuda.push(known ?? (await addWheel(package_, version, fits, isWantedOfCuda)));
  }
  if (offer.tested) await checkWheel(wheel);
  offers.push({ ...offer, archives: [wheel, ...cuda, ...packages] });
}

const table = { default: DEFAULT_VERSION, offers, archives: Object.fromEntries(archives) };
await writeFile(options.output, format(table));
await Promise.all([sources.close(), http.close()]);

/** One line a file and one an offer, so that a change can be read in a diff. */
function format(value: typeof table): string {
  const lines = [`{`, `  "default": ${JSON.stringify(value.default)},`, `  "offers": [`];
  lines.push(
    value.offers.map((offer) => `    ${JSON.stringify(offer)}`).join(',\n'),
    '  ],',
    '  "archives": {',
  );
  const blocks = Object.entries(value.archives).map(([name, { files, ...facts }]) => {
    const rows = Object.entries(files).map(
      ([path, file]) => `        ${JSON.stringify(path)}: ${JSON.stringify(file)}`,
    );
    const head = Object.entries(facts).map(
      ([key, fact]) => `      ${JSON.stringify(key)}: ${JSON.stringify(fact)},`,
    );
    return [
      `    ${JSON.stringify(name)}: {`,
      ...head,
      '      "files": {',
      rows.join(',\n'),
      '      }',
      '    }',
    ].join('\n');
  });
  lines.push(blocks.join(',\n'), '  }', '}', '');
  return lines.join('\n');
}
