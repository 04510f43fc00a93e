/** First half of a build: every version into `cards`, and for each name the version that is listed. */

import semver from 'semver';
import { ZooError } from '../core/errors.js';
import type { Heads } from './index-heads.js';
import type { LabelLists } from './index-label-lists.js';
import type { Stage, StagedCard } from './index-stage.js';
import { nameKey, wordsOf } from './index-words.js';
import { compareVersions } from './reference.js';
import type { Database } from './sqlite.js';

const TURN = 500;

/** @throws ZooError `INVALID_CARD` when a version came twice. */
export function* writeCards(
  stage: Stage,
  lists: LabelLists,
  heads: Heads,
  output: Database,
): Generator<void, void> {
  const insert = output.prepare('INSERT INTO cards VALUES (?, ?, ?, ?, ?, ?, ?)');
  let id = 0;
  let turn = 0;
  for (const versions of byName(stage.cards())) {
    versions.sort((a, b) => compareVersions(b.version, a.version));
    refuseTwins(versions);
    const first = id + 1;
    for (const card of versions) {
      const labels = lists.number(card.labels);
      const classes = lists.number(card.classes);
      insert.run(++id, card.version, card.digest, card.withdrawn, labels, classes, card.body);
    }
    const listed = listedVersion(versions);
    const shown = versions[listed ?? 0];
    if (shown === undefined) continue;
    const words = wordsOf(shown.name);
    const labels = lists.number(shown.labels);
    const classes = lists.number(shown.classes);
    if (listed !== undefined) {
      lists.use(labels);
      if (classes !== labels) lists.use(classes);
    }
    heads.add({
      category: shown.category,
      name: shown.name,
      key: nameKey(words),
      length: words.length,
      first,
      count: versions.length,
      head: listed === undefined ? null : first + listed,
      size: shown.size,
      published: shown.published,
      words: shown.words,
      labels,
      classes,
    });
    if (++turn % TURN === 0) yield;
  }
}

function* byName(cards: Iterable<StagedCard>): Generator<StagedCard[]> {
  let group: StagedCard[] = [];
  for (const card of cards) {
    const before = group[0];
    if (before !== undefined && (before.name !== card.name || before.category !== card.category)) {
      yield group;
      group = [];
    }
    group.push(card);
  }
  if (group.length > 0) yield group;
}

function refuseTwins(sorted: readonly StagedCard[]): void {
  const twin = sorted.find((card, index) => card.version === sorted[index + 1]?.version);
  if (twin === undefined) return;
  throw new ZooError('INVALID_CARD', `There are two cards of ${twin.category}/${twin.name}@${twin.version}`, {
    expected: 'one card a version',
  });
}

/** Index of the newest version that is not withdrawn; a pre-release only where there is nothing else. */
function listedVersion(newestFirst: readonly StagedCard[]): number | undefined {
  const standing = [...newestFirst.keys()].filter((index) => newestFirst[index]?.withdrawn === null);
  return (
    standing.find((index) => semver.prerelease(newestFirst[index]?.version ?? '') === null) ?? standing[0]
  );
}
