export { acknowledge, type Answer } from './acknowledge.ts';
export { controlIdOf } from './control-id.ts';
export { type ErrorCode } from './error-code.ts';
export { type Authority, type OrderNumber, type PatientIdentifier } from './identifiers.ts';
export { readAcknowledgement, type Acknowledgement, type Refusal } from './read-acknowledgement.ts';
export { readMessage, type ReadMessage, type ReadSegment } from './read-message.ts';
export { readPatientEvents, type OrderNamed, type PatientEvent, type ReadEvents } from './read-patient-event.ts';
export {
  type Application,
  type OrderOfMessage,
  type PatientOfMessage,
  type PersonName,
  type ResultContext,
} from './result-context.ts';
export { resultMessage } from './result-message.ts';
