import { afterEach } from 'vitest';

/** What each test of a suite starts is closed after it, the last first. Called within the `describe`. */
export function closingAfterEach(): <T extends { close(): Promise<void> }>(one: T) => T {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  return (one) => {
    open.push(one);
    return one;
  };
}
