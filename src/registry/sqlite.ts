/**
 * better-sqlite3 in the version that fits this Node. Version 13 is made of Node-API and comes ready built, and is the
 * one that Node 24 needs: there version 12 aborts when its objects are collected. On Node 20 version 13 crashes.
 */
import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';

export const SQLITE_PACKAGE =
  Number(process.versions.node.split('.')[0]) >= 22 ? 'better-sqlite3' : 'better-sqlite3-12';

// The two versions have the interface that one package of types describes.
export const Database = createRequire(import.meta.url)(SQLITE_PACKAGE) as typeof BetterSqlite3;
export type Database = BetterSqlite3.Database;
export type Statement<Parameters extends unknown[] = unknown[], Row = unknown> = BetterSqlite3.Statement<
  Parameters,
  Row
>;
