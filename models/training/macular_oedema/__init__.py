"""The recipe of macular-oedema: oedema on optical coherence tomography B-scans of the macula, one image an answer."""
