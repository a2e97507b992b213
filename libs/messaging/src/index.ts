export { toEvent, type OutgoingEvent, type RawRecord } from './cloud-event.ts';
export { Consumes } from './consumes.ts';
export { failed, type Delivery, type Failed, type Outcome, type Recorded } from './delivery.ts';
export { connectKafka, ensureTopics } from './kafka.ts';
export { KafkaStrategy } from './kafka-strategy.ts';
export { Inbox, Outbox, OutboxStore, type OutboxSession } from './ports.ts';
export { Relay } from './relay.ts';
