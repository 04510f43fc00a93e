/** How something was trained, as the files of models say it. */
import * as z from 'zod';
import { isDigest } from '../../core/digest.js';

const whole = z.int().min(0);
/** What a run says about itself: any JSON, kept as it is. */
const record = z.record(z.string(), z.json());

/** Fields of a schema. */
export const PROVENANCE = {
  /** What is trained, solver or optimiser, epochs, losses … */
  recipe: record,
  seed: whole,
  data: z.strictObject({
    /** A name for people, never a path of the machine it lay on. */
    origin: z.string(),
    /** Of the examples in their order. */
    digest: z.string().refine(isDigest, { error: 'not a sha256' }),
    examples: whole,
  }),
  /** What is known about how good it is. */
  metrics: record,
};
