/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The station as metrics, in OpenMetrics text that the textfile collector of Prometheus' node exporter reads
 * too: so all of them are gauges, and no sample has a time. What is of a month is of the calendar month that
 * the report is of. Pure, but for the stream.
 */

#include <json-c/json.h>
#include <stdio.h>

/* 'status' and 'report' as the station gives them, 'alerts' the open ones. NULL status: the station does not
 * answer, and that is all that is told. */
void metrics_write(FILE *out, json_object *status, json_object *report, json_object *alerts);
