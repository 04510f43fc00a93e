/** The JSON Schema of cards, made from the zod schema, so that an editor checks a card as it is written. */
import * as z from 'zod';
import { cardSchema } from './card.js';

/** A name, not an address: the file travels with the package as `neuralzoo/card.schema.json`. */
const SCHEMA_ID = 'urn:neuralzoo:card';

/** The text of `registry/card.schema.json`. */
export function cardSchemaJson(): string {
  const { $schema, ...schema } = z.toJSONSchema(cardSchema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ $schema, $id: SCHEMA_ID, title: 'neuralzoo model card', ...schema }, null, 2)}\n`;
}
