export type { Store, StoreAnswer } from './association.ts';
export { Scp } from './scp.ts';
export type { StatusName } from './status.ts';
