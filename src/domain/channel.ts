export const CHANNELS = ['email', 'sms', 'webhook'] as const;
export type ChannelName = (typeof CHANNELS)[number];

export const LANES = ['transactional', 'bulk'] as const;
export type Lane = (typeof LANES)[number];

/** What to do when nobody can know whether the provider took it. */
export const IN_DOUBT_POLICIES = ['retry', 'park', 'failover'] as const;
export type InDoubtPolicy = (typeof IN_DOUBT_POLICIES)[number];

/** What is in force: a policy somebody asked for, or `once`, the default where a repetition is a nuisance and a loss is worse. */
export type InDoubtRule = InDoubtPolicy | 'once';
