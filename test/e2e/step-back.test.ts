import { getPriority } from 'node:os';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TestService } from '../support/service.js';

describe('the door goes first', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.create({ backend: 'postgresql' });
  });

  afterAll(() => service.stop());

  const nicenessOf = async (roles: string, niceness = ''): Promise<number> => {
    const { child } = await service.start(roles, { NICENESS: niceness });
    return getPriority(child.pid) - getPriority();
  };

  it('on the processor: what is behind it steps back, unless told otherwise', async () => {
    expect(await nicenessOf('api')).toBe(0);
    expect(await nicenessOf('api,relay,worker')).toBe(0);
    expect(await nicenessOf('relay,worker')).toBe(10);
    expect(await nicenessOf('worker', '3')).toBe(3);
    expect(await nicenessOf('worker', '0')).toBe(0);
  });
});
