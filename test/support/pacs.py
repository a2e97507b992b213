"""Stores what it is sent as it came, and reports storage commitment on the association that asked for it (PS3.4 J.3.3)."""

import sys
from pathlib import Path
from threading import Thread

from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance, Verification

NO_SUCH_OBJECT_INSTANCE = 0x0112
MISSING_ATTRIBUTE = 0x0120


def store(event, folder):
    path = folder / f"{event.request.AffectedSOPInstanceUID}.dcm"
    path.write_bytes(event.encoded_dataset())
    return 0x0000


def judge(asked, folder):
    """The event type and what is reported: an instance is committed to where its file is here."""
    kept, failed = [], []
    for item in asked.ReferencedSOPSequence:
        if (folder / f"{item.ReferencedSOPInstanceUID}.dcm").exists():
            kept.append(item)
        else:
            item.FailureReason = NO_SUCH_OBJECT_INSTANCE
            failed.append(item)
    report = Dataset()
    report.TransactionUID = asked.TransactionUID
    if kept:
        report.ReferencedSOPSequence = kept
    if failed:
        report.FailedSOPSequence = failed
    return (2 if failed else 1), report


def commit(event, folder):
    asked = event.action_information
    if "TransactionUID" not in asked or "ReferencedSOPSequence" not in asked:
        return MISSING_ATTRIBUTE, None
    event_type, report = judge(asked, folder)

    def tell():
        answer, _ = event.assoc.send_n_event_report(
            report, event_type, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        print("report answered with", answer.get("Status"), flush=True)

    # Sent once this handler has answered: until then the association is busy.
    Thread(target=tell, daemon=True).start()
    return 0x0000, None


def main(port, title, folder):
    entity = AE(ae_title=title)
    entity.require_called_aet = True
    entity.add_supported_context(Verification)
    entity.add_supported_context(StorageCommitmentPushModel)
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, AllTransferSyntaxes)
    handlers = [(evt.EVT_C_STORE, store, [folder]), (evt.EVT_N_ACTION, commit, [folder])]
    entity.start_server(("127.0.0.1", port), block=True, evt_handlers=handlers)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
