/**
 * The names in one archive, checked one after another as they are read: each must be a path that POSIX and
 * Windows can hold, and no two may meet on a volume that ignores case or Unicode form. Names that nobody
 * wants are judged too: an archive with one hostile name is not read further.
 */
import { pathCollisionKey, unsafePathReason } from '../core/safe-path.js';
import { unsafeArchive } from './limits.js';

export class MemberNames {
  readonly #label: string;
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  constructor(label: string) {
    this.#label = label;
  }

  /**
   * @throws ZooError `UNSAFE_ARCHIVE` for an unsafe name, a duplicate, a twin (same but for case or Unicode
   * form), and a file that is also a folder.
   */
  addFile(path: string): void {
    const key = this.#check(path);
    const twin = this.#files.get(key) ?? this.#folders.get(key);
    if (twin !== undefined) throw this.#collision(twin, path);
    this.#files.set(key, path);
    this.#addFoldersAbove(key, path);
  }

  /** Folders may be named again, as most tar writers do; otherwise as `addFile`. */
  addFolder(path: string): void {
    const key = this.#check(path);
    const file = this.#files.get(key);
    if (file !== undefined) throw this.#collision(file, path);
    this.#folders.set(key, path);
    this.#addFoldersAbove(key, path);
  }

  #check(path: string): string {
    const reason = unsafePathReason(path);
    if (reason !== undefined) {
      throw unsafeArchive(this.#label, `a member's name can't be used, ${reason}`, {
        expected: 'relative names that POSIX and Windows can both hold',
        found: JSON.stringify(path.slice(0, 200)),
      });
    }
    return pathCollisionKey(path);
  }

  #addFoldersAbove(key: string, path: string): void {
    for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
      const folder = key.slice(0, slash);
      const file = this.#files.get(folder);
      if (file !== undefined) throw this.#collision(file, path);
      // A known folder has all its own parents listed.
      if (this.#folders.has(folder)) return;
      this.#folders.set(folder, path);
    }
  }

  #collision(first: string, second: string) {
    return unsafeArchive(this.#label, 'two members are one file, on every platform or on some', {
      expected: 'names that differ by more than case or Unicode form, none inside another',
      found: `${JSON.stringify(first)} and ${JSON.stringify(second)}`,
    });
  }
}
