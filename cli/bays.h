/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GetStatus() seen bay by bay, for "status" and "watch". */

#include <json-c/json.h>
#include <stddef.h>

/* One flat row per bay, and per docking in no configured bay: bay, state ("empty"), recorder, items
 * ("12/40"), failed, bytes, bytes_total, rate, battery, docking, reason, current. A new array. */
json_object *bays_rows(json_object *status);
/* The same of one docking. */
json_object *bay_row_of_docking(json_object *docking);

/* A bar of 'width' columns for 'done' of 'total' bytes, "[#####-----]  50%", into buf. Unknown total: an
 * empty bar. */
char *progress_bar(char *buf, size_t size, size_t width, double done, double total);
