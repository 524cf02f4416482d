import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { GroupCommit } from '../../../src/platform/database/group-commit.js';
import { isRefused, isRetryable, isUnavailable } from '../../../src/platform/database/sql-state.js';

const sqlError = (code: string): Error => Object.assign(new Error(code), { code });

/** A store whose commits end when the test says so. */
class Commits {
  readonly groups: number[][] = [];
  private readonly open: (() => void)[] = [];
  isHeld = false;

  readonly write = async (items: number[]): Promise<string[]> => {
    this.groups.push(items);
    if (this.isHeld) await new Promise<void>((resolve) => this.open.push(resolve));
    return items.map((item) => `r${item}`);
  };

  release(): void {
    this.isHeld = false;
    this.open.splice(0).forEach((end) => end());
  }
}

/** The end of the event loop's turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('group commit', () => {
  it('sends what comes in one turn together, and gathers what comes while commits are out', async () => {
    const commits = new Commits();
    commits.isHeld = true;
    const group = new GroupCommit(commits.write, { maxRows: 3, inFlight: 2 });
    const results = [group.add(1), group.add(2)];
    expect(commits.groups).toEqual([]);
    await turn();
    expect(commits.groups).toEqual([[1, 2]]);
    results.push(group.add(3));
    await turn();
    results.push(...[4, 5, 6, 7].map((item) => group.add(item)));
    await turn();
    expect(commits.groups).toEqual([[1, 2], [3]]);
    expect(group.size).toBe(7);
    commits.release();
    expect(await Promise.all(results)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7']);
    expect(commits.groups).toEqual([[1, 2], [3], [4, 5, 6], [7]]);
    expect(group.size).toBe(0);
  });

  it('begins a statement beside another only for as many rows as pay for it', async () => {
    const commits = new Commits();
    commits.isHeld = true;
    const group = new GroupCommit(commits.write, { maxRows: 3, inFlight: 2, fewestBeside: 3 });
    const results = [group.add(1)];
    await turn();
    results.push(group.add(2), group.add(3));
    await turn();
    expect(commits.groups).toEqual([[1]]);
    results.push(group.add(4), group.add(5));
    await turn();
    expect(commits.groups).toEqual([[1], [2, 3, 4]]);
    commits.release();
    expect(await Promise.all(results)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
    expect(commits.groups).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('answers nobody before the commit that holds their row', async () => {
    const commits = new Commits();
    commits.isHeld = true;
    const group = new GroupCommit(commits.write, { maxRows: 10, inFlight: 1 });
    let isAnswered = false;
    const result = group.add(1).then((value) => ((isAnswered = true), value));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    commits.release();
    expect(await result).toBe('r1');
  });

  it.each(['23514', '54000', '42804', 'XX000'])('shows a refusal (%s) only to the guilty', async (state) => {
    const written: number[][] = [];
    const group = new GroupCommit(
      async (items: number[]) => {
        written.push(items);
        if (items.includes(13)) throw sqlError(state);
        return items;
      },
      { maxRows: 100, inFlight: 1 },
    );
    const results = await group.addAll([1, 13, 2]);
    expect(results).toMatchObject([{ value: 1 }, { reason: { code: state } }, { value: 2 }]);
    expect(written).toEqual([[1, 13, 2], [1], [13], [2]]);
  });

  it('repeats what lost a deadlock once, also when it was alone', async () => {
    let failures = 2;
    const group = new GroupCommit(
      async (items: number[]) => {
        if (failures-- > 0) throw sqlError('40P01');
        return items;
      },
      { maxRows: 100, inFlight: 1 },
    );
    await expect(group.add(1)).rejects.toMatchObject({ code: '40P01' });
    failures = 1;
    expect(await group.add(2)).toBe(2);
    failures = 1;
    expect(await group.addAll([3, 4])).toMatchObject([{ value: 3 }, { value: 4 }]);
  });

  it('does not repeat what may have been done: everybody is told', async () => {
    let calls = 0;
    const group = new GroupCommit(
      async (): Promise<number[]> => {
        calls++;
        throw new Error('Connection terminated unexpectedly');
      },
      { maxRows: 100, inFlight: 1 },
    );
    const results = await group.addAll([1, 2, 3]);
    expect(results.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(calls).toBe(1);
  });

  it('drains when the last row is answered, and at once when there is none', async () => {
    const commits = new Commits();
    const group = new GroupCommit(commits.write, { maxRows: 1, inFlight: 1 });
    await group.drain();
    const results = group.addAll([1, 2, 3]);
    await group.drain();
    expect(commits.groups).toHaveLength(3);
    expect(await results).toHaveLength(3);
  });
});

describe('what a failed statement tells', () => {
  it.each([
    ['22021', 'refused'],
    ['22P02', 'refused'],
    ['22008', 'refused'],
    ['23505', 'refused'],
    ['23514', 'refused'],
    ['40001', 'again'],
    ['40P01', 'again'],
    ['08006', 'gone'],
    ['53300', 'gone'],
    ['57P01', 'gone'],
    ['57014', 'gone'],
    ['55P03', 'gone'],
    ['58030', 'gone'],
    ['ECONNREFUSED', 'gone'],
    ['ETIMEDOUT', 'gone'],
    ['42P01', 'refused'],
    ['42703', 'refused'],
    ['54000', 'refused'],
    ['25006', 'gone'],
    ['EPIPE', 'gone'],
    ['EBADF', 'bug'],
    ['', 'bug'],
  ])('%s is %s', (code, meaning) => {
    const error = sqlError(code);
    expect([isRefused(error), isRetryable(error), isUnavailable(error)]).toEqual([
      meaning === 'refused',
      meaning === 'again',
      meaning === 'again' || meaning === 'gone',
    ]);
  });

  it.each([
    'Query read timeout',
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
    'Client has encountered a connection error and is not queryable',
  ])('the client’s own “%s” means gone', (message) => expect(isUnavailable(new Error(message))).toBe(true));
});

describe('a group commit that rests', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Commits take 4 ms, and have for a while; twice as long is rested; three rows are enough to go on at once. */
  const resting = async () => {
    const groups: number[][] = [];
    const commit = { ms: 4 };
    const rest = { times: 2 };
    const write = async (items: number[]): Promise<number[]> => {
      groups.push(items);
      await new Promise((resolve) => setTimeout(resolve, commit.ms));
      return items;
    };
    const group = new GroupCommit(write, {
      maxRows: 8,
      inFlight: 1,
      rest: { times: () => rest.times, enough: 3 },
    });
    for (let i = 0; i < 100; i++) {
      void group.add(0);
      await vi.advanceTimersByTimeAsync(100);
    }
    groups.length = 0;
    return { groups, group, commit, rest };
  };

  it('begins at once after idleness, and gathers a few rows while it rests', async () => {
    const { groups, group } = await resting();
    const results = [group.add(1)];
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(5);
    results.push(group.add(2));
    await vi.advanceTimersByTimeAsync(3);
    results.push(group.add(3));
    await vi.advanceTimersByTimeAsync(1);
    expect(groups).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(5);
    expect(groups).toEqual([[1], [2, 3]]);
    await vi.advanceTimersByTimeAsync(100);
    results.push(group.add(4));
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([[1], [2, 3], [4]]);
    await vi.advanceTimersByTimeAsync(4);
    expect(await Promise.all(results)).toEqual([1, 2, 3, 4]);
  });

  it('does not rest while enough rows wait', async () => {
    const { groups, group } = await resting();
    void group.add(1);
    await vi.advanceTimersByTimeAsync(5);
    void group.addAll([2, 3, 4]);
    await vi.advanceTimersByTimeAsync(0);
    expect(groups).toEqual([[1], [2, 3, 4]]);
  });

  it('rests as long as it is told to each time', async () => {
    const { groups, group, rest } = await resting();
    rest.times = 4;
    void group.add(1);
    await vi.advanceTimersByTimeAsync(5);
    void group.add(2);
    await vi.advanceTimersByTimeAsync(14);
    expect(groups).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(2);
    expect(groups).toEqual([[1], [2]]);
  });

  it('drains what it holds', async () => {
    const { groups, group } = await resting();
    void group.add(1);
    await vi.advanceTimersByTimeAsync(5);
    void group.add(2);
    const drained = group.drain();
    await vi.advanceTimersByTimeAsync(20);
    await drained;
    expect(groups).toEqual([[1], [2]]);
  });

  it('makes little of a single commit that was slow, and rests 20 ms at most when all are', async () => {
    const { groups, group, commit } = await resting();
    commit.ms = 20;
    void group.add(1);
    await vi.advanceTimersByTimeAsync(20);
    void group.add(2);
    await vi.advanceTimersByTimeAsync(14);
    expect(groups).toEqual([[1], [2]]);
    commit.ms = 60_000;
    for (let i = 0; i < 10; i++) await vi.advanceTimersByTimeAsync(60_100).then(() => void group.add(3));
    await vi.advanceTimersByTimeAsync(60_000);
    groups.length = 0;
    void group.add(4);
    await vi.advanceTimersByTimeAsync(21);
    expect(groups).toEqual([[4]]);
  });
});
