/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two shapes in which every answer is printed: JSON for programs, tables for people. All return exit
 * codes. */

#include "cli/client.h"
#include "cli/table.h"
#include "cli/verbs.h"

/* Rows of 'noun' for the invocation's filters: JSON as they come, or a table. */
int listing_print(const struct invocation *invocation, const char *noun, const struct column *columns,
                  size_t n);

/* The same with one more filter. */
int listing_print_with(const struct invocation *invocation, const struct query_filter *filter,
                       const char *noun, const struct column *columns, size_t n);

/* The same with filters of the caller's, which have room for one more. */
int listing_filtered(const struct invocation *invocation, sd_bus *bus, const char *noun,
                     struct query_filter *filters, size_t n_filters, const struct column *columns, size_t n);

/* A JSON array made of pieces, printed while they come; "[" waits for the first, so that an error leaves
 * standard output empty. */
struct json_stream {
        bool opened;
};
void json_stream_add(struct json_stream *stream, const char *object);
void json_stream_end(struct json_stream *stream);

/* [ object ]: prints and keeps the object. */
void json_write_one(FILE *out, json_object *object);
void json_print_one(json_object *object);

/* Asks for the station's status and prints its part 'key' as one record; 'absent' is said when it has none.
 * 'ret_overdue' may be NULL, else with EXIT_OK it is that member of the part. */
int status_part_print(const struct invocation *invocation, const char *key, const char *absent,
                      const struct column *columns, size_t n, bool *ret_overdue);

/* What a change was made to, for --json only: [{"id":…,"<key>":"<value>"}]. id 0: it has no number to tell.
 */
void done_print(const struct invocation *invocation, const char *key, const char *value, int64_t id);

/* For "show": EXIT_NOT_FOUND and its sentence when there is no row; *ret is the first one, owned by the
 * caller. */
int listing_one(sd_bus *bus, const char *noun, const char *key, const char *value, json_object **ret);

/* An array of the rows of 'noun' with key=value, put into 'object' as 'member'. */
int listing_attach(sd_bus *bus, json_object *object, const char *member, const char *noun, const char *key,
                   const char *value);
