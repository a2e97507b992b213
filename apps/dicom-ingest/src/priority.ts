import type { Priority } from '@sightline/contracts';
import type { DicomHeader } from '@sightline/dicom';

const byTerm: Readonly<Record<string, Priority>> = {
  STAT: 'stat',
  HIGH: 'urgent',
  URGENT: 'urgent',
  A: 'urgent',
  S: 'stat',
};

const order: readonly Priority[] = ['routine', 'urgent', 'stat'];

/** Requested Procedure Priority (0040,1003), also within Request Attributes; routine where nobody said otherwise. */
export function priorityOf(header: DicomHeader): Priority {
  return byTerm[header.dataset.RequestedProcedurePriority?.trim().toUpperCase() ?? ''] ?? 'routine';
}

/** One urgent image makes the study urgent. */
export function moreUrgent(one: Priority, other: Priority): Priority {
  return order.indexOf(one) >= order.indexOf(other) ? one : other;
}
