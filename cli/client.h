/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * recdockctl's end of the bus. Every function here returns an exit code; whatever is not EXIT_OK has been
 * told on standard error, once, in the words of the station where it has any.
 */

#include "catalogue/query.h"
#include "cli/exit_codes.h"

#include <json-c/json.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

/* Connects to the system bus, or to $DBUS_SYSTEM_BUS_ADDRESS. */
int client_open(sd_bus **ret);

/* Tells of a failed call: by the bus error when there is one, else by the negative errno. */
int client_report(int r, const sd_bus_error *error);

/* Calls a method of the station and waits as long as it takes. 'types' as of sd_bus_message_append(). */
int client_call(sd_bus *bus, sd_bus_message **ret_reply, const char *method, const char *types, ...);
/* A method that takes a{ss}. */
int client_call_fields(sd_bus *bus, sd_bus_message **ret_reply, const char *method,
                       const struct query_filter *fields, size_t n);

/* The message of a method, to be filled and then called by client_call_message(). */
int client_message(sd_bus *bus, const char *method, sd_bus_message **ret);
/* "a{ss}" (kind 'e') or "a(ss)" (kind 'r'). Negative errno, or 0 and more. */
int client_append_pairs(sd_bus_message *m, char kind, const struct query_filter *pairs, size_t n);
int client_call_message(sd_bus *bus, sd_bus_message *m, sd_bus_message **ret_reply);

/* A method that takes "tat". */
int client_call_numbers(sd_bus *bus, sd_bus_message **ret_reply, const char *method, uint64_t first,
                        const uint64_t *numbers, size_t n);

/* A number that was typed: 'what' is its noun, translated. EXIT_USAGE for anything else. */
int client_number(const char *what, const char *text, uint64_t *ret);

/* GetStatus(), parsed. */
int client_status(sd_bus *bus, json_object **ret);

/* Query() of 'noun', or Verify() when 'noun' is NULL. 'on_line' gets each row as text while they come; when
 * it does not return EXIT_OK, the rest is dropped and that code returned. */
typedef int client_line_fn(void *userdata, const char *line);
int client_query(sd_bus *bus, const char *noun, const struct query_filter *filters, size_t n,
                 client_line_fn *on_line, void *userdata);
/* Any other method that takes "a(ss)h" and writes lines. */
int client_lines(sd_bus *bus, const char *method, const struct query_filter *filters, size_t n,
                 client_line_fn *on_line, void *userdata);
/* The same, all rows in one JSON array. */
int client_rows(sd_bus *bus, const char *noun, const struct query_filter *filters, size_t n,
                json_object **ret);

/* Report() of a period: the one object that bus_names.h describes. */
int client_period_report(sd_bus *bus, const struct query_filter *filters, size_t n, json_object **ret);

/* "recdockctl: …" on standard error; what could move a cursor is replaced. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
