import type { Pool } from 'pg';

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

/** What a statement read to do its work. */
export interface Reading {
  /** Of the step that read most, what it threw away included. */
  rows: number;
  indexes: string[];
}

/** Runs a statement and answers what it read: a promise about work that no busy machine can break. What it wrote stays. */
export async function rowsRead(pool: Pool, text: string, values: readonly unknown[]): Promise<Reading> {
  const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
    [...values],
  );
  const nodes = flatten(rows[0]!['QUERY PLAN'][0].Plan);
  return {
    rows: Math.max(...nodes.map(readBy)),
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))],
  };
}

const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];

const readBy = (node: PlanNode): number =>
  ((node['Actual Rows'] ?? 0) +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0)) *
  (node['Actual Loops'] ?? 0);
