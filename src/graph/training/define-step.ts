/** The options of a training, checked, as the step that is traced. */
import { ZooError } from '../../core/errors.js';
import type { Network } from '../../formats/network.js';
import { unknownParameter } from '../../formats/unknown-name.js';
import type { NativeTrainingOptions } from './options.js';
import type { NamedTensor, StepDefinition } from './step.js';

/** @throws ZooError `NOT_FOUND` for an unknown parameter, `USAGE` for options that contradict each other. */
export function defineStep(network: Network, options: NativeTrainingOptions): StepDefinition {
  const { cut, trainable, head, loss } = options;
  const backbone = trainable.map((name) => trainedParameter(network, name));
  requireNames([...backbone, ...head]);
  requireNumbers(options);
  for (const { name, value } of head) {
    if (value.dtype !== 'float32') throw contradiction('A parameter of the head is no float32', name);
  }
  return {
    network,
    cut,
    pooling: options.pooling ?? ((output) => output),
    loss,
    predict: options.predict ?? ((features) => features),
    backbone,
    head,
  };
}

function trainedParameter(network: Network, name: string): NamedTensor {
  const parameter = network.parameters.get(name);
  if (parameter === undefined) throw unknownParameter(name, network.parameters.keys());
  if (parameter.dtype !== 'float32') throw contradiction('A parameter to be trained is no float32', name);
  return { name, value: parameter.value };
}

function requireNames(trained: readonly NamedTensor[]): void {
  if (trained.length === 0) throw contradiction('There is nothing to train', 'no parameters');
  const seen = new Set<string>();
  for (const { name } of trained) {
    if (seen.has(name)) throw contradiction('Two parameters that are trained have one name', name);
    seen.add(name);
  }
}

function requireNumbers(options: NativeTrainingOptions): void {
  const { clipNorm, accumulate, example, normalisationMomentum: momentum } = options;
  if (momentum !== undefined && !(momentum >= 0 && momentum < 1)) {
    throw contradiction('The momentum of statistics is not from 0 up to 1', `${momentum}`);
  }
  if (clipNorm !== undefined && !(clipNorm > 0)) {
    throw contradiction('The largest norm of gradients is not above 0', `${clipNorm}`);
  }
  if (accumulate !== undefined && !(Number.isInteger(accumulate) && accumulate >= 1)) {
    throw contradiction('The parts of a batch are not a whole number from 1 on', `${accumulate}`);
  }
  if (example.targets.rank === 0) throw contradiction('Targets have no examples', 'a scalar');
}

function contradiction(message: string, found: string): ZooError {
  return new ZooError('USAGE', message, { found });
}
