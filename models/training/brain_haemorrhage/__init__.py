"""The recipe of brain-haemorrhage: intracranial haemorrhage on axial slices of non-contrast head CT, study by study."""
