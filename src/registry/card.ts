/**
 * The card: one JSON document that describes one version of one model or data set. This schema is the only
 * definition; `registry/card.schema.json` and the TypeScript types are made from it.
 */

import semver from 'semver';
import * as z from 'zod';
import { isDigest } from '../core/digest.js';
import { unsafePathReason } from '../core/safe-path.js';
import { inputSchema } from './card-input.js';
import { MODALITIES, NAME_PATTERN } from './card-names.js';
import { isLocator } from './locator.js';

export const FORMATS = [
  'tfjs-layers',
  'tfjs-graph',
  'tf-savedmodel',
  'keras-h5',
  'tflite',
  'onnx',
  'pytorch',
  'safetensors',
  'zoo-adapted',
  'data',
] as const;

export const FILE_ROLES = [
  'topology',
  'weights',
  /** A network that makes the inputs of the main one, such as a spectrogram. */
  'front-end',
  'labels',
  'tokenizer',
  'configuration',
  'data',
  'license',
  'readme',
] as const;

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .refine(isDigest)
  .describe('sha256 as 64 lower-case hex digits');
const date = z.iso.date().describe('ISO date, such as 2026-11-24');
const size = z.int().min(0).describe('bytes');
const spdx = z.string().min(1).max(200).describe('SPDX licence expression');
const locator = z
  .string()
  .max(600)
  .refine(isLocator, { error: 'not a locator' })
  .describe('npm:NAME@VERSION#path, pypi:NAME==VERSION#path, hf:…, github:…, https://… or file:…');
const pieces = z.array(digest).describe('sha256 of each 8 MiB piece; left out for blobs of one piece');
const safePath = z
  .string()
  .superRefine((path, context) => {
    const reason = unsafePathReason(path);
    if (reason !== undefined) context.addIssue({ code: 'custom', message: `path is refused: ${reason}` });
  })
  .describe('relative path with forward slashes, safe on POSIX and Windows');

export const fileSchema = z.strictObject({
  path: safePath,
  role: z.enum(FILE_ROLES),
  size,
  sha256: digest,
  pieces: pieces.optional(),
  license: spdx.optional().describe('when it differs from the licence of the weights'),
  sources: z.array(locator).min(1).max(16).describe('where the bytes are, the best place first'),
});

export const archiveSchema = z.strictObject({
  locator: locator.describe('the locator of the files in it, without their paths'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/)
    .describe("the archive's own file name"),
  size,
  sha256: digest,
  pieces: pieces.optional(),
});

export const licenseSchema = z.strictObject({
  weights: spdx.describe('licence of the weights, or of the data when it is a data set'),
  code: spdx.optional().describe('licence of the code or package around them'),
  statedIn: z.string().min(1).describe('where the licence is written'),
  checked: date.describe('when a person last read it there'),
  caveats: z.array(z.string()).optional(),
});

export const outputSchema = z.strictObject({
  layer: z.string().optional().describe('layer or node that gives the output'),
  units: z.int().positive().optional(),
  activation: z.string().optional().describe('softmax, sigmoid, none (logits) …'),
  labels: z.array(z.string()).optional().describe('one name a unit, in order'),
  heads: z
    .array(
      z.strictObject({
        name: z.string(),
        node: z.string().optional().describe('layer, node or tensor that gives it'),
        shape: z.array(z.int().nullable()).optional().describe('null is any size'),
        dtype: z.string().optional(),
      }),
    )
    .optional()
    .describe('the outputs of a network that has more than one'),
  detail: z.string().optional(),
});

export const featuresSchema = z.strictObject({
  layer: z.string().describe('layer or node to cut at: its output is the features'),
  width: z.int().positive().describe('length of one feature vector'),
  shape: z.array(z.int().nullable()).optional().describe('output shape at the cut; null is any size'),
  head: z.string().optional().describe('the output layer that is dropped'),
  pooling: z.enum(['average', 'max', 'none']).optional(),
  alternatives: z
    .array(z.strictObject({ layer: z.string(), shape: z.array(z.int().nullable()).optional() }))
    .optional(),
  detail: z.string().optional().describe('what to mind when cutting here'),
});

export const cardSchema = z
  .strictObject({
    $schema: z.string().optional(),
    kind: z.enum(['model', 'dataset']),
    name: z.string().max(80).regex(NAME_PATTERN),
    version: z.string().refine((text) => semver.valid(text) === text, { error: 'not a semantic version' }),
    modality: z.enum(MODALITIES),
    task: z.string().regex(NAME_PATTERN).describe('such as image-classification'),
    summary: z.string().min(10).max(400).describe('one or two sentences'),
    published: date,
    architecture: z.string().optional().describe('such as MobileNetV2 1.0'),
    format: z.strictObject({
      name: z.enum(FORMATS),
      detail: z.string().optional(),
      quantised: z.string().optional().describe('integer type of quantised weights'),
    }),
    parameters: z.int().positive().optional().describe('count of numbers in the weights'),
    license: licenseSchema,
    training: z
      .strictObject({
        dataset: z.string(),
        examples: z.int().positive().optional(),
        classes: z.int().positive().optional(),
      })
      .optional()
      .describe('what it was trained on'),
    paper: z.strictObject({ title: z.string(), url: z.url().optional() }).optional(),
    homepage: z.url().optional(),
    content: z.string().optional().describe('what a data set holds'),
    classes: z.array(z.string()).optional().describe('class names of a data set'),
    split: z.string().optional().describe('how a data set is divided'),
    input: inputSchema.optional().describe('what a model takes in'),
    output: outputSchema.optional(),
    features: featuresSchema.optional(),
    files: z.array(fileSchema).min(1).max(20_000),
    archives: z.array(archiveSchema).max(64).optional().describe('packages that files come in'),
    withdrawn: z.strictObject({ reason: z.string().min(1), date }).optional(),
    base: z
      .strictObject({ reference: z.string(), digest })
      .optional()
      .describe('the model that an adapted one was made from'),
    notes: z.string().optional(),
  })
  .describe('neuralzoo model card');

export type Card = z.infer<typeof cardSchema>;
export type CardFile = z.infer<typeof fileSchema>;
export type CardArchive = z.infer<typeof archiveSchema>;
export type CardLicense = z.infer<typeof licenseSchema>;
export type FileRole = (typeof FILE_ROLES)[number];

/** Total bytes of a card's files. */
export function cardSize(card: Pick<Card, 'files'>): number {
  return card.files.reduce((sum, file) => sum + file.size, 0);
}
