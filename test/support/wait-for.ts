/** Polls until `look` answers something other than undefined or false; throws what it last saw when time is up. */
export async function waitFor<T>(
  look: () => T | Promise<T>,
  {
    within = 20_000,
    every = 50,
    what = 'the condition',
  }: { within?: number; every?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + within;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen;
    if (performance.now() > deadline)
      throw new Error(`${what} did not come within ${within} ms; last seen: ${String(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
