import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** A subscriber's URL. `secret` and `headers` are sealed; see Endpoints. */
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

  @Column('integer', { name: 'timeout_ms', nullable: true })
  timeoutMs!: number | null;

  @Column('boolean')
  enabled!: boolean;

  @Column('bytea')
  secret!: Buffer;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
