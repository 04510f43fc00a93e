/** Safetensors: a JSON header with the shape, type and place of every tensor, then the bytes. */
import * as z from 'zod';
import { type Description, elementCount, type LocalFile, malformed, stillUnknown } from './description.js';
import { readJson, readSpan } from './file-bytes.js';

/** As other careful readers have it; the reference implementation allows four times as much. */
const MAX_HEADER = 25_000_000;
/** A configuration beside the weights is small. */
const MAX_CONFIG = 1_000_000;

/** Bits of an element; the sub-byte types are packed. */
const BITS: Record<string, number> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
  C64: 64,
};

const tensorSchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(16),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const metadataSchema = z.record(z.string(), z.string());

export interface SafetensorsTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from `SafetensorsHeader.dataStart`; `end` is not in it. */
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where in the file the bytes of the tensors begin. */
  readonly dataStart: number;
}

/** Where a header is read from; `read` gives fewer bytes where the file ends before. */
export interface SafetensorsSource {
  /** For messages. */
  readonly path: string;
  readonly size: number;
  read(start: number, length: number): Promise<Buffer>;
}

/** The header of a local file; see `readHeader`. */
export function readSafetensorsHeader(file: LocalFile): Promise<SafetensorsHeader> {
  return readHeader({
    path: file.path,
    size: file.size,
    read: (start, length) => readSpan(file, start, length),
  });
}

/**
 * Reads and checks a header: at most 25 MB of JSON that begins with its brace and names nothing twice.
 * @throws ZooError `INTEGRITY` unless the tensors lie inside the file, do not overlap, leave no gap, and each has
 * exactly the bytes of its shape and type.
 */
export async function readHeader(source: SafetensorsSource): Promise<SafetensorsHeader> {
  const prefix = await source.read(0, 8);
  if (prefix.length < 8) throw malformed(source.path, 'it ends inside the header length', 8, prefix.length);
  const length = Number(prefix.readBigUInt64LE(0));
  const room = Math.min(MAX_HEADER, source.size - 8);
  if (length > room) throw malformed(source.path, 'its header is too long', `at most ${room} bytes`, length);
  const json = parseHeader(await source.read(8, length), source.path);
  const tensors = new Map<string, SafetensorsTensor>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      const read = metadataSchema.safeParse(value);
      if (!read.success) throw malformed(source.path, 'its metadata is not text');
      metadata = read.data;
      continue;
    }
    const read = tensorSchema.safeParse(value);
    if (!read.success)
      throw malformed(source.path, `tensor ${JSON.stringify(name.slice(0, 100))} is not described`);
    const [start, end] = read.data.data_offsets;
    tensors.set(name, { dtype: read.data.dtype, shape: read.data.shape, start, end });
  }
  checkLayout(source, tensors, source.size - 8 - length);
  return { tensors, metadata, dataStart: 8 + length };
}

function parseHeader(bytes: Buffer, path: string): object {
  if (bytes[0] !== 0x7b) throw malformed(path, 'its header does not begin with {');
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch {
    throw malformed(path, 'its header is not JSON in UTF-8');
  }
  if (typeof json !== 'object' || json === null) throw malformed(path, 'its header is not a JSON object');
  // Of two tensors of one name JSON.parse keeps the last, while other readers may take the first.
  if (writtenKeys(text) !== countKeys(json)) throw malformed(path, 'its header names something twice');
  return json;
}

/** Keys in a valid JSON text, those that are there twice counted twice: the colons outside strings. */
function writtenKeys(text: string): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') inString = !inString;
    else if (inString && character === '\\') at += 1;
    else if (!inString && character === ':') count += 1;
  }
  return count;
}

function countKeys(value: unknown): number {
  const pending: unknown[] = [value];
  let count = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) count += Object.keys(next).length;
    for (const inner of Object.values(next)) pending.push(inner);
  }
  return count;
}

function checkLayout(file: SafetensorsSource, tensors: SafetensorsHeader['tensors'], dataSize: number): void {
  for (const [name, { dtype, shape, start, end }] of tensors) {
    const label = JSON.stringify(name.slice(0, 100));
    const bits = Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
    if (bits === undefined)
      throw malformed(file.path, `tensor ${label} has an unknown type`, undefined, dtype);
    if (start > end || end > dataSize) {
      throw malformed(file.path, `tensor ${label} lies outside the file`, `at most ${dataSize}`, end);
    }
    const expected = (elementCount(shape, file.path) * bits) / 8;
    if (end - start !== expected) {
      throw malformed(
        file.path,
        `tensor ${label} has other bytes than its shape and type`,
        expected,
        end - start,
      );
    }
  }
  let covered = 0;
  for (const { start, end } of [...tensors.values()].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < covered) throw malformed(file.path, 'two tensors overlap', covered, start);
    if (start > covered) throw malformed(file.path, 'there is a hole between two tensors', covered, start);
    covered = end;
  }
  if (covered !== dataSize) throw malformed(file.path, 'bytes follow the last tensor', covered, dataSize);
}

/** Describes one file of tensors, or all parts of a network that was split into several. */
export async function describeSafetensors(
  parts: readonly LocalFile[],
  others: readonly LocalFile[],
): Promise<Description> {
  let parameters = 0;
  let tensors = 0;
  const types = new Map<string, number>();
  for (const part of parts) {
    const header = await readSafetensorsHeader(part);
    for (const { dtype, shape } of header.tensors.values()) {
      parameters += elementCount(shape, part.path);
      tensors += 1;
      types.set(dtype, (types.get(dtype) ?? 0) + 1);
    }
  }
  const byCount = [...types].sort((a, b) => b[1] - a[1]);
  const integers = byCount.map(([dtype]) => dtype).find((dtype) => /^[IU]8$|^F[468]/.test(dtype));
  const config = others.find((file) => /(^|\/)config\.json$/.test(file.path));
  const architecture = config && (await architectureOf(config));
  const roles: Description['roles'] = {};
  for (const part of parts) roles[part.path] = 'weights';
  return {
    format: {
      name: 'safetensors',
      detail: `${tensors} tensors: ${byCount.map(([dtype, count]) => `${count} ${dtype}`).join(', ')}`,
      ...(integers ? { quantised: integers } : {}),
    },
    ...(parameters > 0 ? { parameters } : {}),
    ...(architecture ? { architecture } : {}),
    roles,
    unknown: [
      ...(architecture
        ? []
        : ['architecture: safetensors hold weights only, and no config.json names the network']),
      ...stillUnknown({ parameters }),
    ],
  };
}

const configSchema = z.looseObject({
  architectures: z.array(z.string()).optional(),
  model_type: z.string().optional(),
  num_hidden_layers: z.int().optional(),
  hidden_size: z.int().optional(),
  num_attention_heads: z.int().optional(),
  intermediate_size: z.int().optional(),
});

/** Name and size of a network from the `config.json` that Hugging Face keeps beside its weights. */
async function architectureOf(config: LocalFile): Promise<string | undefined> {
  const read = configSchema.safeParse(await readJson(config, MAX_CONFIG, 'a configuration'));
  if (!read.success) return undefined;
  const name = read.data.architectures?.[0] ?? read.data.model_type;
  if (name === undefined) return undefined;
  const { num_hidden_layers: layers, hidden_size: hidden } = read.data;
  const { num_attention_heads: heads, intermediate_size: intermediate } = read.data;
  const sizes = [
    layers && `${layers} layers`,
    hidden && `hidden ${hidden}`,
    heads && `${heads} heads`,
    intermediate && `intermediate ${intermediate}`,
  ].filter(Boolean);
  return sizes.length > 0 ? `${name}: ${sizes.join(', ')}` : name;
}
