// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 15 of the catalogue: the full text index is kept in few pieces (footage_index.h). Of new pieces
 * two of a size are merged at once, and all that is there becomes one.
 */
#include "catalogue/schema_versions.h"

const char schema_v15[] = "INSERT INTO footage_name (footage_name, rank) VALUES ('automerge', 2);"
                          "INSERT INTO footage_name (footage_name) VALUES ('optimize');"
                          "INSERT INTO footage_tally (dimension, value, rows)"
                          " SELECT 'merged', 0, ifnull(max(rows), 0) FROM footage_tally"
                          " WHERE dimension = 'all';";
