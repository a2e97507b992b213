import type { PatientEvent } from '@sightline/hl7v2';
import type { Tx } from '@sightline/persistence';

/**
 * What an ADT or order system says of patients is a reason to look, never an answer: whose a report is, its destination's records
 * say. Every report that the event may touch is asked for again, by number alone and whoever assigned it: looking harms nobody.
 * How many there are.
 */
export async function lookAgain(tx: Tx, events: readonly PatientEvent[]): Promise<number> {
  const named = events.flatMap(patientsOf);
  const orders = events.flatMap((event) => (event.kind === 'order-moved' ? event.orders : []));
  const accessions = orders.flatMap(({ accession, filler, placer }) =>
    [accession, filler, placer].flatMap((one) => one?.value ?? []),
  );
  const studies = orders.flatMap(({ studyInstanceUid }) => studyInstanceUid ?? []);
  const [, affected] = await tx.query<[unknown, number]>(
    `update delivery set rechecks = 0, recheck_at = now(),
       not_before = case when status = 'quarantined' then now() else not_before end
     from report join report_edition using (study_instance_uid, model, generation, edition)
     where delivery.study_instance_uid = report.study_instance_uid and delivery.model = report.model
       and delivery.generation = report.generation and delivery.status in ('told', 'quarantined')
       and report.state <> 'withdrawn'
       and (answer -> 'study' -> 'patient' ->> 'id' = any($1) or answer -> 'study' ->> 'accessionNumber' = any($2)
         or report.study_instance_uid = any($3))`,
    [named, accessions, studies],
  );
  return affected;
}

function patientsOf(event: PatientEvent): string[] {
  switch (event.kind) {
    case 'merged':
      return [...event.gone, ...event.surviving].map(({ value }) => value);
    case 'updated':
      return event.patient.map(({ value }) => value);
    case 'order-moved':
      return [...event.patient, ...event.from].map(({ value }) => value);
  }
}
