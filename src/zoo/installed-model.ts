/** From a reference to an installed model, without index or network. */
import semver from 'semver';
import type { Cache } from '../cache/cache.js';
import type { InstalledModel } from '../cache/installed-models.js';
import { ZooError } from '../core/errors.js';
import { parseReference, type Wanted } from '../registry/reference.js';

/**
 * The newest installed version that a reference means.
 * @throws ZooError `NOT_CACHED` when none is installed, `AMBIGUOUS` when a name is installed in two categories,
 * `USAGE` for a locator.
 */
export async function findInstalled(cache: Cache, text: string): Promise<InstalledModel> {
  const reference = parseReference(text);
  if (reference.kind === 'locator') {
    throw new ZooError('USAGE', `Installed models are named, not located: ${text}`, {
      hint: 'See: zoo list',
    });
  }
  const named = await cache.find({ category: reference.category, name: reference.name });
  const matching = named.filter((model) => matches(model, reference.wanted));
  const first = matching[0];
  if (first === undefined) {
    throw new ZooError('NOT_CACHED', `${text} is not installed`, {
      found: named.map((model) => `${model.category}/${model.name}@${model.version}`).join(', ') || undefined,
      hint: `zoo pull ${text}`,
    });
  }
  const categories = [...new Set(matching.map((model) => model.category))];
  if (categories.length > 1) {
    throw new ZooError('AMBIGUOUS', `${reference.name} is the name of several installed models`, {
      expected: 'one of the candidates',
      found: categories.map((category) => `${category}/${reference.name}`).join(', '),
    });
  }
  return first;
}

function matches(model: InstalledModel, wanted: Wanted): boolean {
  switch (wanted.by) {
    case 'latest':
      return true;
    case 'version':
      return model.version === wanted.version;
    case 'range':
      return semver.satisfies(model.version, wanted.range);
    case 'digest':
      return model.card === wanted.digest;
  }
}
