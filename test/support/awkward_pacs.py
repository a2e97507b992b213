"""A PACS that keeps what it is sent and commits on the association that asked, but for its manner."""

import sys
from pathlib import Path

import pacs
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (
    Comprehensive3DSRStorage,
    ParametricMapStorage,
    StorageCommitmentPushModel,
    Verification,
)
from pydicom.uid import AllTransferSyntaxes

DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xA900


def refuse_maps(event, folder):
    if event.request.AffectedSOPClassUID == ParametricMapStorage:
        return DATA_SET_DOES_NOT_MATCH_SOP_CLASS
    return pacs.store(event, folder)


def lose_the_report(event, folder):
    """Says that it has the first report, and has not."""
    lost = folder / "lost"
    if event.request.AffectedSOPClassUID == Comprehensive3DSRStorage and not lost.exists():
        lost.touch()
        return 0x0000
    return pacs.store(event, folder)


def say_nothing(event, folder):
    return 0x0000, None


MANNERS = {
    "plain": (pacs.store, pacs.commit),
    "refuses-maps": (refuse_maps, pacs.commit),
    "loses-the-report": (lose_the_report, pacs.commit),
    "never-commits": (pacs.store, say_nothing),
}


def main(port, title, folder, manner):
    entity = AE(ae_title=title)
    entity.add_supported_context(Verification)
    entity.add_supported_context(StorageCommitmentPushModel)
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax, AllTransferSyntaxes)
    store, commit = MANNERS[manner]
    handlers = [(evt.EVT_C_STORE, store, [folder]), (evt.EVT_N_ACTION, commit, [folder])]
    entity.start_server(("127.0.0.1", port), block=True, evt_handlers=handlers)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])
