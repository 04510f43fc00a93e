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
import { PROVENANCE } from '../../transfer/adapted/provenance.js';

export const CARD_FILE = 'card.json';
export const TRAINING_FILE = 'training.json';

const TRAINING_VERSION = 1;

const trainingSchema = z.strictObject({
  formatVersion: z.literal(TRAINING_VERSION),
  architecture: z.string(),
  ...PROVENANCE,
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
