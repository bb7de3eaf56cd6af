// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 9 of the catalogue: indexes that answer a report alone. A month's footage is counted several
 * times over, joined to recordings, and the dockings of every recorder are looked through for its clock; to
 * look up each row in its table took most of the time. The indexes are the old ones, in the same order and
 * for the same queries, and have more columns behind those they had.
 */
#include "catalogue/schema_versions.h"

const char schema_v9[] =
                "DROP INDEX footage_by_time;"
                "CREATE INDEX footage_by_time ON footage (ordered_at, id, unit, officer, recorder, kind,"
                " verdict, source, bay, size, name, duration, late_us);"
                "DROP INDEX footage_by_recorder;"
                "CREATE INDEX footage_by_recorder ON footage (recorder, ordered_at, id, unit, officer,"
                " kind, verdict, source, bay, size, name, started_at, duration, time_source, time_flags,"
                " clock_offset, device_time, verdict_reasons);"
                "DROP INDEX docking_by_recorder;"
                "CREATE INDEX docking_by_recorder ON docking (recorder, plugged_at, id, source,"
                " identified_at, clock_offset, clock_uncertainty, clock_asked, clock_set_at,"
                " clock_set_offset, clock_set_uncertainty);";
