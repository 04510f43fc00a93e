/**
 * `training.json`: how a network was trained, for which its card has no field. The folder of a network that was trained
 * from scratch holds
 *
 *     card.json             the card: input, output, labels, features, licence, sha256 of the other files
 *     model.json            the network as TensorFlow.js loads it, with its weights in
 *     group1-shard…of….bin  files of 4 MiB at most
 *     training.json         this
 */
import * as z from 'zod';
import { isDigest } from '../../core/digest.js';

export const CARD_FILE = 'card.json';
export const TRAINING_FILE = 'training.json';

const TRAINING_VERSION = 1;

const whole = z.int().min(0);
const digest = z.string().refine(isDigest, { error: 'not a sha256' });
/** What a run says about itself: any JSON. */
const record = z.record(z.string(), z.json());

const trainingSchema = z.strictObject({
  formatVersion: z.literal(TRAINING_VERSION),
  architecture: z.string(),
  /** Optimiser, learning rate, epochs, losses … */
  recipe: record,
  seed: whole,
  data: z.strictObject({
    /** A name for people, never a path of the machine it lay on. */
    origin: z.string(),
    /** Of the examples in their order. */
    digest,
    examples: whole,
  }),
  /** What is known about how good it is. */
  metrics: record,
});

type TrainingDetails = z.infer<typeof trainingSchema>;

/** @param details any JSON values; undefined fields are left out. @returns the text of the file. */
export function trainingText(
  details: Omit<TrainingDetails, 'formatVersion' | 'recipe' | 'metrics'> & {
    readonly recipe: object;
    readonly metrics: object;
  },
): string {
  const json: unknown = JSON.parse(JSON.stringify({ formatVersion: TRAINING_VERSION, ...details }));
  return `${JSON.stringify(trainingSchema.parse(json), undefined, 2)}\n`;
}
