/** Of a provider in posthaste.yaml: as many retries as there are, for tests that ask about something else. */
export const NO_BUDGET = 'retry_budget: { share: 100, minimum: 1000000 }';
