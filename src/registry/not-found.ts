/** What a person is told when a reference means nothing that is there. */
import { distance } from 'fastest-levenshtein';
import { ZooError } from '../core/errors.js';
import { formatWanted, type NameReference, type VersionChoice } from './reference.js';

const SUGGESTIONS = 3;

/**
 * Nothing has that name.
 * @param elsewhere qualified names of the same name in other categories.
 * @param similar names that a search for it finds.
 */
export function noSuchName(
  reference: NameReference,
  elsewhere: readonly string[],
  similar: readonly string[],
): ZooError {
  const { category, name } = reference;
  const near = similar.toSorted((a, b) => distance(name, a) - distance(name, b));
  const suggestions = [...new Set([...elsewhere, ...near])].slice(0, SUGGESTIONS);
  const where = category === undefined ? '' : ` in ${category}`;
  return new ZooError('NOT_FOUND', `There is no model or data set called ${name}${where}`, {
    found: suggestions.length === 0 ? undefined : `similar: ${suggestions.join(', ')}`,
    hint:
      suggestions.length === 0
        ? 'zoo search finds models by what they do.'
        : `Did you mean ${suggestions.join(' or ')}?`,
  });
}

const LISTED_VERSIONS = 8;

/** The name is known and the version is not. @param versions those that there are, newest first. */
export function noSuchVersion(reference: NameReference, versions: readonly VersionChoice[]): ZooError {
  const { wanted, name } = reference;
  const listed = versions
    .slice(0, LISTED_VERSIONS)
    .map(({ version, withdrawn }) => (withdrawn ? `${version} (withdrawn)` : version));
  if (versions.length > LISTED_VERSIONS) listed.push('…');
  const standing = versions.find(({ withdrawn }) => !withdrawn);
  return new ZooError('NOT_FOUND', `${name} has no version that fits ${formatWanted(wanted)}`, {
    expected: formatWanted(wanted),
    found: listed.join(', '),
    hint:
      standing === undefined
        ? `All versions of ${name} were withdrawn; one can still be named exactly.`
        : `Name one exactly, such as ${name}@${standing.version}.`,
  });
}
