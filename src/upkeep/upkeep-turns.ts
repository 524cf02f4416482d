import type { Pool, PoolClient } from 'pg';

/** Advisory locks of ours, apart from anybody else's in the same database ("PH" in ASCII). */
const LOCK_SPACE = 0x5048;

/**
 * Which process does an exclusive upkeep service at a time: advisory locks, all of them on one connection of this process.
 *
 * A connection for each turn would be held while its service waits for another: as many services as the pool has
 * connections, at the same moment, would wait for each other. When the connection breaks, all turns are over at once; what
 * runs goes on to its end, and its statements are guarded against another's.
 */
export class UpkeepTurns {
  private connection: Promise<PoolClient> | undefined;
  /** Ends with the last question, and never fails. */
  private asking: Promise<unknown> = Promise.resolve();

  constructor(private readonly pool: Pool) {}

  /** Whether the turn is ours now. Of one name, one asks at a time. */
  async take(name: string): Promise<boolean> {
    const rows = await this.ask<{ isMine: boolean }>(
      `SELECT pg_try_advisory_lock($1, hashtext($2)) AS "isMine"`,
      name,
    );
    return rows[0]!.isMine;
  }

  /** Never throws: a turn that cannot be given back is over, with its connection. */
  async giveBack(name: string): Promise<void> {
    await this.ask(`SELECT pg_advisory_unlock($1, hashtext($2))`, name).catch(() => undefined);
  }

  /** All turns are over. */
  async close(): Promise<void> {
    const connection = this.connection;
    this.connection = undefined;
    await connection?.then(
      (client) => client.release(true),
      () => undefined,
    );
  }

  /** One after the other: a connection takes one question at a time. */
  private ask<T extends object>(text: string, name: string): Promise<T[]> {
    const answer = this.asking.then(() => this.askNext<T>(text, name));
    this.asking = answer.catch(() => undefined);
    return answer;
  }

  private async askNext<T extends object>(text: string, name: string): Promise<T[]> {
    this.connection ??= this.connect();
    const connection = this.connection;
    try {
      const client = await connection;
      return (await client.query<T>(text, [LOCK_SPACE, name])).rows;
    } catch (error) {
      if (this.connection === connection) await this.close();
      throw error;
    }
  }

  private async connect(): Promise<PoolClient> {
    const client = await this.pool.connect();
    client.on('error', () => undefined); // the next question finds out
    return client;
  }
}
