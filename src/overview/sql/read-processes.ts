import type { Pool } from 'pg';

export interface LiveProcess {
  id: string;
  roles: string[];
  host: string;
  pid: number;
  version: string;
  startedAt: Date;
}

/** Processes with a sign of life within their lease (20 s). */
export async function readProcesses(pool: Pool): Promise<LiveProcess[]> {
  const { rows } = await pool.query<LiveProcess>({
    name: 'read_processes',
    text: `SELECT id, roles, host, pid, version, started_at AS "startedAt" FROM processes
            WHERE renewed_at > now() - interval '20 s' ORDER BY started_at LIMIT 1000`,
  });
  return rows;
}

export interface BreakerState {
  provider: string;
  processId: string;
  state: 'closed' | 'open' | 'half_open';
  changedAt: Date;
}

/** What the breakers of living processes last said; one that never changed has said nothing and is closed. */
export async function readBreakers(pool: Pool): Promise<BreakerState[]> {
  const { rows } = await pool.query<BreakerState>({
    name: 'read_breakers',
    text: `SELECT b.provider, b.process_id AS "processId", b.state, b.changed_at AS "changedAt"
             FROM breakers b JOIN processes p ON p.id = b.process_id AND p.renewed_at > now() - interval '20 s'
            ORDER BY b.provider, b.changed_at DESC`,
  });
  return rows;
}
