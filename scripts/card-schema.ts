// Writes registry/card.schema.json from the schema in src/registry/card.ts: npx tsx scripts/card-schema.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cardSchemaJson } from '../src/registry/card-schema.js';

writeFileSync(fileURLToPath(new URL('../registry/card.schema.json', import.meta.url)), cardSchemaJson());
