/** The layers of a network in the format tfjs-layers as its file has them, up to a cut, with a new head behind them. */
import { ZooError } from '../core/errors.js';
import { buildLayers, type Layer, type LayersModel } from '../formats/tfjs-layers/build-layers.js';
import { findCutPoints, needs } from '../formats/tfjs-layers/cut-points.js';
import { type LayersContent, layersContent } from '../formats/tfjs-layers/write-tfjs-layers.js';
import { readTfjsModel } from '../formats/tfjs-model.js';
import { unknownCut } from '../formats/unknown-name.js';
import { tf } from '../runtime/tensorflow.js';
import type { Exportable, Tail } from './exportable.js';
import { headLayers } from './head-layers.js';
import { freeName, HEAD } from './output-name.js';

export interface WrittenLayers extends LayersContent {
  /** Layer whose output is the features; undefined without a new head. */
  readonly features: string | undefined;
  /** Layer that gives the answer; undefined where there are several. */
  readonly output: string | undefined;
}

/**
 * @param folder of the base.
 * @throws ZooError `INTEGRITY` for malformed files; `DATA` for a head that Keras has no layers for.
 */
export async function baseLayers(exportable: Exportable, folder: string): Promise<WrittenLayers> {
  const { base, network, about, tail } = exportable;
  const whole = await buildLayers(await readTfjsModel(folder, base));
  const made: Layer[] = [];
  try {
    for (const variable of whole.weights) {
      const live = network.parameters.get(variable.originalName);
      if (live !== undefined) variable.write(live.value);
    }
    if (tail === undefined) {
      const [output] = whole.outputNames;
      const only = whole.outputs.length === 1 ? output : undefined;
      return { ...(await layersContent(whole)), features: undefined, output: only };
    }
    const { model, features, layers } = withHead(whole, tail, about.name);
    made.push(...layers);
    const [output] = model.outputNames;
    return { ...(await layersContent(model)), features, output };
  } finally {
    for (const { weights } of [whole, ...made]) for (const variable of weights) variable.dispose();
  }
}

function withHead(whole: LayersModel, tail: Tail, name: string) {
  const cut = findCutPoints(whole).get(tail.cut)?.output();
  if (cut === undefined) throw unknownCut(tail.cut, findCutPoints(whole).keys());
  const scope = freeName(HEAD, namesAround(whole));
  const { layers, scores, features } = headLayers(cut, tail, scope);
  const needed = needs([scores]).tensors;
  const inputs = whole.inputs.filter((input) => needed.has(input));
  return { model: tf.model({ name, inputs, outputs: scores }), layers, features };
}

/** Also the names that the layers of a head would be given. */
function namesAround(whole: LayersModel): string[] {
  return whole.layers.map((layer) => layer.name.replace(/_(pool|flat|column|both|row|length|hidden)$/, ''));
}

/** @throws ZooError `DATA` for a network in another format. */
export function requireLayers({ base, folder }: Exportable): string {
  if (base.format.name === 'tfjs-layers' && folder !== undefined) return folder;
  throw new ZooError('DATA', `${base.name} is no network of layers`, {
    expected: 'a network in the format tfjs-layers',
    found: base.format.name,
    hint: 'Export it as tfjs-graph: any network that can be traced becomes one.',
  });
}
