/**
 * An installed model as an OCI image manifest with the media types of the CNCF ModelPack: the config is the
 * card, each file is a raw layer named by an annotation. What is stored here can be pushed to any OCI registry
 * byte for byte.
 */
import * as z from 'zod';
import { type Digest, isDigest, sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import { checkPathSet } from '../core/safe-path.js';
import type { Card, FileRole } from '../registry/card.js';

export const MANIFEST_MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const MODEL_ARTIFACT_TYPE = 'application/vnd.cncf.model.manifest.v1+json';
export const CARD_MEDIA_TYPE = 'application/vnd.neuralzoo.card.v1+json';
export const FILE_PATH_ANNOTATION = 'org.cncf.model.filepath';

const LAYER_MEDIA_TYPES: Record<FileRole, string> = {
  weights: 'application/vnd.cncf.model.weight.v1.raw',
  'front-end': 'application/vnd.cncf.model.weight.v1.raw',
  topology: 'application/vnd.cncf.model.weight.config.v1.raw',
  configuration: 'application/vnd.cncf.model.weight.config.v1.raw',
  tokenizer: 'application/vnd.cncf.model.weight.config.v1.raw',
  labels: 'application/vnd.cncf.model.weight.config.v1.raw',
  license: 'application/vnd.cncf.model.doc.v1.raw',
  readme: 'application/vnd.cncf.model.doc.v1.raw',
  data: 'application/vnd.cncf.model.dataset.v1.raw',
};

const digestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .transform((text) => text.slice('sha256:'.length))
  .refine(isDigest);
const sizeSchema = z.int().min(0);

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MANIFEST_MEDIA_TYPE),
  artifactType: z.literal(MODEL_ARTIFACT_TYPE),
  config: z.object({ mediaType: z.literal(CARD_MEDIA_TYPE), digest: digestSchema, size: sizeSchema }),
  layers: z.array(
    z.object({
      mediaType: z.string(),
      digest: digestSchema,
      size: sizeSchema,
      annotations: z.object({ [FILE_PATH_ANNOTATION]: z.string() }),
    }),
  ),
});

/** One file of a model: where it lies in the model's folder, and which blob it is. */
export interface ModelFile {
  /** Relative, forward slashes, safe on every platform. */
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
}

/** What a manifest says. */
export interface ModelManifest {
  readonly card: { readonly digest: Digest; readonly size: number };
  readonly files: readonly ModelFile[];
}

/** The manifest of a card. The same card gives the same bytes on every machine. */
export function writeManifest(card: Pick<Card, 'files'>, cardBytes: Uint8Array): Uint8Array {
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_MEDIA_TYPE,
    artifactType: MODEL_ARTIFACT_TYPE,
    config: {
      mediaType: CARD_MEDIA_TYPE,
      digest: `sha256:${sha256(cardBytes)}`,
      size: cardBytes.length,
    },
    layers: card.files.map((file) => ({
      mediaType: LAYER_MEDIA_TYPES[file.role],
      digest: `sha256:${file.sha256}`,
      size: file.size,
      annotations: { [FILE_PATH_ANNOTATION]: file.path },
    })),
  };
  return Buffer.from(JSON.stringify(manifest));
}

/**
 * Reads a manifest that `writeManifest` or another ModelPack tool with our card wrote.
 * @param origin names it in errors.
 * @throws ZooError `INTEGRITY` when it is none, `UNSAFE_PATH` when a file's path is refused.
 */
export function readManifest(bytes: Uint8Array, origin: string): ModelManifest {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new ZooError('INTEGRITY', `${origin} is not JSON`, { cause });
  }
  const result = manifestSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new ZooError('INTEGRITY', `${origin} is not the manifest of a model`, {
      expected: MODEL_ARTIFACT_TYPE,
      found: `${issue?.path.join('.')}: ${issue?.message}`,
      cause: result.error,
    });
  }
  const { config, layers } = result.data;
  const files = layers.map((layer) => ({
    path: layer.annotations[FILE_PATH_ANNOTATION],
    size: layer.size,
    sha256: layer.digest,
  }));
  checkPathSet(
    files.map((file) => file.path),
    origin,
  );
  return { card: { digest: config.digest, size: config.size }, files };
}
