// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 5 of the catalogue: the health of recorders. The dockings are its history, and what they lacked is
 * what became of the clock after it was measured: what it was told ('clock_asked', on record before the
 * recorder hears of it), what came of that ('clock_answer', NULL when a crash stands between), and how far
 * off it was then. 'clock_moved': its offset had changed since the docking before by more than a clock
 * drifts. 'freed' is by how much removing files has added to
 * 'free' since that was measured.
 *
 * An item's 'first_docking' is the one that listed it first. By the clock as it was measured there it is
 * dated, however long it takes to pull it: by then somebody may have set it.
 */
#include "catalogue/schema_versions.h"

const char schema_v5[] = "ALTER TABLE docking ADD COLUMN clock_asked TEXT;"
                         "ALTER TABLE docking ADD COLUMN clock_answer TEXT;"
                         "ALTER TABLE docking ADD COLUMN clock_set_at INTEGER;"
                         "ALTER TABLE docking ADD COLUMN clock_set_offset INTEGER;"
                         "ALTER TABLE docking ADD COLUMN clock_set_uncertainty INTEGER;"
                         "ALTER TABLE docking ADD COLUMN clock_moved INTEGER NOT NULL DEFAULT 0;"
                         "ALTER TABLE docking ADD COLUMN freed INTEGER NOT NULL DEFAULT 0;"
                         "ALTER TABLE item ADD COLUMN first_docking INTEGER REFERENCES docking (id);"
                         "UPDATE docking SET clock_asked = clock_set_to WHERE clock_set_to IS NOT NULL;";
