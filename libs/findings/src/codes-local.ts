import { type CheckedCode } from './coded-concept.ts';

const base = 'https://sightline.dev/fhir/CodeSystem';

/** What no published code system says, with our own definitions. */
export const local = {
  decisionThreshold: own(
    'observation-component',
    'decision-threshold',
    'Decision threshold',
    'The calibrated probability at and above which the model says that the finding is present; fixed per model version.',
  ),
  notPrioritised: own(
    'presence',
    'not-prioritised',
    'Not prioritised',
    'The answer of a triage model that saw no reason to move the study forward; it does not say that the finding is absent.',
  ),
  studyCompleted: audit(
    'study-completed',
    'Study revision completed',
    'A revision of a study was closed and announced.',
  ),
  instanceLeftOut: audit(
    'instance-left-out',
    'Instance left out',
    'An instance was stored and is shown to no model: a localizer, dose screen, QA phantom, our own output, or rejected by a note.',
  ),
  instancesRejected: audit(
    'instances-rejected',
    'Instances rejected',
    'A rejection note took instances back: no model is shown them any more. A failure: the note could not be read, and takes nothing back.',
  ),
  inferenceRequested: audit(
    'inference-requested',
    'Inference requested',
    'A model version was asked to read instances.',
  ),
  inferenceCompleted: audit('inference-completed', 'Inference completed', 'A model version answered with findings.'),
  inferenceSkipped: audit(
    'inference-skipped',
    'Inference skipped',
    'A model version refused the input as outside its intended use, or no model reads the study.',
  ),
  inferenceFailed: audit('inference-failed', 'Inference failed', 'A request was given up without an answer.'),
  reportFiled: audit('report-filed', 'Report filed', 'An AI result set was written to the EHR.'),
  reportHeld: audit(
    'report-held',
    'Report held',
    'Findings wait for a signature, or the site keeps them to the worklist.',
  ),
  reportNotFiled: audit(
    'report-not-filed',
    'Report not filed',
    'An answer was recorded and deliberately not written to the EHR: refused, failed, shadow, an older revision, or made of images that were rejected.',
  ),
  reportWithdrawn: audit(
    'report-withdrawn',
    'Report withdrawn',
    'A result set in the EHR was marked as entered in error.',
  ),
  reportAnsweredThere: audit(
    'report-answered-there',
    'Report answered at its destination',
    'A person at a destination changed the state of an AI report there; it was left as it is.',
  ),
  newerReport: audit(
    'newer-report',
    'Newer report beside a reviewed one',
    'A newer answer of a model became a report of its own, since a person has acted on the one before; that person is named.',
  ),
  reviewApplied: audit('review-applied', 'Review applied', "A person's answer to findings became part of the report."),
  reviewRefused: audit(
    'review-refused',
    'Review refused',
    "A person's answer to findings was not applied: it was given to a report that is no longer shown, or the person may not give it.",
  ),
  reportWithdrawal: audit(
    'report-withdrawal',
    'Withdrawal of a report',
    'A person decided that a report must not be relied on: every destination that was told of it is due to hear that.',
  ),
  reportFell: audit(
    'report-fell',
    'Report fell with its images',
    'A rejection note took back an image that a report was made of: every destination that was told of the report is due to hear that.',
  ),
  quarantineReleased: audit(
    'quarantine-released',
    'Quarantine released',
    'A person said whose record results belong to that the mesh could not match for sure.',
  ),
  quarantineRejected: audit(
    'quarantine-rejected',
    'Quarantine rejected',
    'A person decided that results whose patient could not be matched for sure go nowhere.',
  ),
  reportMoved: audit(
    'report-moved',
    'Report moved',
    'A report stood under a record that it is not of: it was withdrawn there, and is told anew to whom it belongs.',
  ),
  patientsChanged: audit(
    'patients-changed',
    'Patients changed',
    'A hospital system said that patients were merged, changed or given other orders; the reports this may touch are looked at again.',
  ),
  reportRefused: audit('report-refused', 'Report refused', 'The EHR refused a result set for good.'),
  patientQuarantined: audit(
    'patient-quarantined',
    'Patient identity unresolved',
    'Findings wait because the patient of the images could not be matched to exactly one agreeing record.',
  ),
  patientCreated: audit('patient-created', 'Patient created', 'The sandbox made a patient record from the images.'),
  modelRoleChanged: audit(
    'model-role-changed',
    'Model role changed',
    'Which part a version of a model plays was decided, or a decision was refused.',
  ),
  reviewRecorded: audit('review-recorded', 'Review recorded', 'A person accepted, rejected or corrected findings.'),
} satisfies Record<string, CheckedCode>;

function audit(code: string, display: string, definition: string): CheckedCode {
  return own('audit-event', code, display, definition);
}

function own(system: string, code: string, display: string, definition: string): CheckedCode {
  return { system: `${base}/${system}`, code, display, status: 'local', checked: 'defined here', definition };
}
