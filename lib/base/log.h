/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The station log. A record is a priority, one line of text, an optional MESSAGE_ID and structured fields;
 * the journal, the terminal and a JSON stream are three sinks of the same record. Wording: lower case, no
 * full stop, names in '…', and what happens next ("…, retrying in 5 s", "…, ignoring").
 */

#include <stddef.h>
#include <syslog.h>

enum log_target {
        LOG_TARGET_AUTO, /* the journal when standard error is connected to it, else the console */
        LOG_TARGET_JOURNAL,
        LOG_TARGET_CONSOLE, /* "<warning> text" on standard error */
        LOG_TARGET_JSON,    /* one JSON object a line on standard error, for tests and other programs */
};

struct log_field {
        const char *name;  /* upper case, RECDOCK_… or a journal well-known one */
        const char *value; /* NULL: the field is left out */
};

/* The program's own name in front of its records; target by its word ("auto", "journal", "console", "json").
 * -EINVAL when the word is unknown. */
int log_open(const char *program, const char *target);
void log_set_max_priority(int priority);
int log_max_priority(void);

/* One record. 'message_id' is 32 hex digits or NULL. 'fields' may be NULL when n is 0. */
void log_record(int priority, const char *message_id, const struct log_field *fields, size_t n_fields,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

#define log_error(...)   log_record(LOG_ERR, NULL, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_record(LOG_WARNING, NULL, NULL, 0, __VA_ARGS__)
#define log_notice(...)  log_record(LOG_NOTICE, NULL, NULL, 0, __VA_ARGS__)
#define log_info(...)    log_record(LOG_INFO, NULL, NULL, 0, __VA_ARGS__)
#define log_debug(...)   log_record(LOG_DEBUG, NULL, NULL, 0, __VA_ARGS__)

/* "No such file or directory" for a negative errno; thread safe, valid until the thread's next call. */
const char *log_errno_text(int negative_errno);
