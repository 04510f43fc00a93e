import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cardSchema } from '../../src/registry/card.js';
import { cardSchemaJson } from '../../src/registry/card-schema.js';

const onDisk = new URL('../../registry/card.schema.json', import.meta.url);

describe('the JSON Schema of cards', () => {
  it('is the one in registry/ (else run: npx tsx scripts/card-schema.ts)', () => {
    expect(readFileSync(onDisk, 'utf8')).toBe(cardSchemaJson());
  });

  it('names every field of a card and refuses others', () => {
    const schema = JSON.parse(cardSchemaJson());
    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(cardSchema.shape).sort());
    expect(schema.additionalProperties).toBe(false);
    expect(schema.title).toBe('neuralzoo model card');
    expect(schema.$id).toMatch(/^urn:/);
  });

  it('lets an editor see which fields a card must have', () => {
    expect(JSON.parse(cardSchemaJson()).required).toEqual(
      expect.arrayContaining(['kind', 'name', 'version', 'license', 'files']),
    );
    expect(JSON.parse(cardSchemaJson()).required).not.toContain('$schema');
  });
});
