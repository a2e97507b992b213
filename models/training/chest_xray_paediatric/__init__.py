"""The recipe of chest-xray-paediatric: pneumonia on antero-posterior chest radiographs of children of 1 to 5 years."""
