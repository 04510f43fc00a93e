/** The card of an export, written beside its files. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../core/digest.js';
import type { Card, CardFile } from '../registry/card.js';
import { checkCard } from '../registry/parse-card.js';
import { EXPORTED } from './export-target.js';
import type { Exportable, ExportFormat } from './exportable.js';
import { exportedInput } from './exported-input.js';

/** What a writer of one format has done. */
export interface WrittenExport {
  readonly files: readonly { readonly path: string; readonly role: CardFile['role'] }[];
  /** Numbers in its weights. */
  readonly parameters: number;
  /** Layer or node whose output is the features; undefined where nothing says it. */
  readonly features: string | undefined;
  /** Layer or node that gives the answer; undefined where there are several. */
  readonly output: string | undefined;
  /** Integer or half type of its weights. */
  readonly quantised: string | undefined;
}

const CARD_FORMATS = {
  'tfjs-graph': 'tfjs-graph',
  'tfjs-layers': 'tfjs-layers',
  'saved-model': 'tf-savedmodel',
  safetensors: 'safetensors',
} as const satisfies Record<ExportFormat, Card['format']['name']>;

/** True where names of layers are those of the base. */
function keepsNames({ base }: Exportable, format: ExportFormat): boolean {
  return base.format.name === CARD_FORMATS[format];
}

/**
 * @param folder where the files lie already.
 * @throws ZooError `INVALID_CARD` for a base whose card does not hold; the signal's reason.
 */
export async function exportCard(
  exportable: Exportable,
  format: ExportFormat,
  folder: string,
  written: WrittenExport,
  signal?: AbortSignal,
): Promise<Card> {
  const { about, base } = exportable;
  const { archives: _, withdrawn: __, features: ___, output, input, ...rest } = about;
  const { parameters, quantised } = written;
  const features = featuresOf(exportable, format, written);
  const files: CardFile[] = [];
  for (const { path, role } of written.files) {
    const file = join(folder, path);
    const { size } = await stat(file);
    files.push({ path, role, size, sha256: await sha256OfFile(file, signal), sources: [`file:${path}`] });
  }
  return checkCard(
    {
      ...rest,
      format: {
        name: CARD_FORMATS[format],
        detail: `${EXPORTED} from ${base.name} (${base.format.name})`,
        ...(quantised === undefined ? {} : { quantised }),
      },
      ...(parameters > 0 ? { parameters } : {}),
      ...(input === undefined ? {} : { input: exportedInput(input, exportable) }),
      ...(output === undefined ? {} : { output: outputOf(output, keepsNames(exportable, format), written) }),
      ...(features === undefined ? {} : { features }),
      files,
    },
    about.name,
  );
}

/** Where features come out again: in front of the new head, or where the base has them. */
function featuresOf(
  exportable: Exportable,
  format: ExportFormat,
  { features, output }: WrittenExport,
): Card['features'] {
  const { about, tail } = exportable;
  if (tail === undefined) return keepsNames(exportable, format) ? about.features : undefined;
  if (features === undefined) return undefined;
  return {
    layer: features,
    width: tail.width,
    pooling: 'none',
    ...(output === undefined ? {} : { head: output }),
  };
}

/** Names of layers are left out where the export has others. */
function outputOf(
  { heads, layer, ...answer }: NonNullable<Card['output']>,
  keeps: boolean,
  written: WrittenExport,
): Card['output'] {
  const own = written.output ?? (keeps ? layer : undefined);
  return {
    ...answer,
    ...(own === undefined ? {} : { layer: own }),
    ...(heads !== undefined && keeps ? { heads } : {}),
  };
}
