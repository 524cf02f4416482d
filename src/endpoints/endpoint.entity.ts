import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** Why an endpoint is off: its owner said so, it answered 410, or nothing has succeeded there for days. */
export const DISABLED_REASONS = ['owner', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** A subscriber's URL. `secret`, `signing_key` and `headers` are sealed; see Endpoints. */
@Entity('endpoints')
export class EndpointEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { nullable: true })
  uid!: string | null;

  @Column('text', { nullable: true })
  recipient!: string | null;

  @Column('text')
  url!: string;

  @Column('text', { array: true })
  types!: string[];

  @Column('text', { nullable: true })
  description!: string | null;

  @Column('bytea', { nullable: true })
  headers!: Buffer | null;

  @Column('text', { name: 'rate_limit', nullable: true })
  rateLimit!: string | null;

  @Column('double precision', { name: 'rate_per_second', nullable: true })
  ratePerSecond!: number | null;

  @Column('integer', { nullable: true })
  concurrency!: number | null;

  @Column('integer', { name: 'timeout_ms', nullable: true })
  timeoutMs!: number | null;

  @Column('boolean')
  enabled!: boolean;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @Column('text', { name: 'disabled_reason', nullable: true })
  disabledReason!: DisabledReason | null;

  /** The first failure since the last success; null while it is well. */
  @Column('timestamptz', { name: 'failing_since', nullable: true })
  failingSince!: Date | null;

  @Column('bytea')
  secret!: Buffer;

  @Column('bytea', { name: 'signing_key', nullable: true })
  signingKey!: Buffer | null;

  @Column('text', { name: 'public_key', nullable: true })
  publicKey!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
