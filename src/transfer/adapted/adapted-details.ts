/**
 * `adapted.json`: what the card of an adapted model has no field for. The folder of an adapted model holds
 *
 *     card.json              the card: base and its digest, licence, labels, and the sha256 of the other files
 *     adapted.json           this: head, cut, preparation, recipe, data, metrics
 *     head.safetensors       numbers of the head
 *     changed.safetensors    tensors of the base that training changed, by the names in the base; only where there are any
 */
import * as z from 'zod';
import { POOLINGS } from '../pooling.js';
import { PROVENANCE } from './provenance.js';

/** Raised when older versions could no longer read a folder rightly. */
export const ADAPTED_VERSION = 1;

export const detailsSchema = z.strictObject({
  formatVersion: z.literal(ADAPTED_VERSION),
  /** Read by `readHead`. */
  head: z.looseObject({ kind: z.string() }),
  backbone: z.strictObject({
    /** Layer or node whose output is the features. */
    cut: z.string(),
    pooling: z.enum(POOLINGS),
    width: z.int().positive(),
    /** What was chosen where the network leaves it open. */
    prepare: z.strictObject({
      size: z.strictObject({ height: z.int().positive(), width: z.int().positive() }).optional(),
      hop: z.int().positive().optional(),
      maxTokens: z.int().positive().optional(),
    }),
    /** `identity` of the preparer: inputs must be prepared in the very same way. */
    preprocessing: z.string(),
  }),
  ...PROVENANCE,
});

export type AdaptedDetails = z.infer<typeof detailsSchema>;
