import type { TopicName } from '@sightline/contracts';
import { EventPattern } from '@nestjs/microservices';
import type { Delivery, Outcome } from './delivery.ts';

/** What a wrapped handler hands to the transport: an outcome, or the error it threw, untouched by Nest's exception layer. */
export type Handled = Outcome | { kind: 'threw'; error: unknown };

type Handler<T extends TopicName> = (delivery: Delivery<T, never>) => Promise<Outcome>;

/**
 * Marks a controller method as the handler of topics. A method whose parameter is not a delivery of them does not
 * compile. Throws never reach Nest, whose event handling would swallow them.
 */
export function Consumes<T extends TopicName>(...topics: readonly T[]) {
  return function <H extends Handler<T>>(
    target: object,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<H>,
  ): void {
    const method = descriptor.value;
    if (method === undefined) throw new Error(`${String(propertyKey)} is not a method`);
    const wrapped = async function (this: unknown, delivery: Delivery<T, never>): Promise<Handled> {
      try {
        return await method.call(this, delivery);
      } catch (error) {
        return { kind: 'threw', error };
      }
    };
    descriptor.value = wrapped as unknown as H;
    const subscribe: MethodDecorator = EventPattern(topics);
    subscribe(target, propertyKey, descriptor);
  };
}
