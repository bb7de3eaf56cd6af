/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A row of the duty ledger as every statement reads it: duty d with e, the longest of its extensions and of
 * those of the docking that it ended with. */

#include "catalogue/duty.h"
#include "catalogue/row.h"

#define DUTY_COLUMNS                                                                            \
        "d.id, d.recorder, d.officer, d.out_at, d.roster_end, d.returned_at, d.return_docking," \
        " d.offloaded_at, e.until, e.granted_at"
#define DUTY_N_COLUMNS 10
#define DUTY_EXTENSION                                                         \
        " LEFT JOIN extension AS e ON e.id = (SELECT x.id FROM extension AS x" \
        " WHERE x.duty = d.id OR x.docking = d.return_docking"                 \
        " ORDER BY x.until DESC, x.granted_at LIMIT 1)"

/* Reads the first DUTY_N_COLUMNS columns. */
void duty_read(sqlite3_stmt *s, struct duty *ret);
