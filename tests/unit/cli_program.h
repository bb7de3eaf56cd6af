/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* recdockctl as somebody runs it who types: $RECDOCKCTL is the program, the scratch folder has what it
 * prints. */

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

enum { WORDS_MAX = 12 };

/* What it printed last; of the test to free in the end. */
extern char *out, *err;

/* The fixture: a bus, and a station's files with two of footage in its catalogue, in UTC and without a
 * language. The station itself is the test's to start: it is ended when 'server' is its process. */
extern pid_t server;
void program_set_up(void);
void program_tear_down(void);

/* Runs it with these words, ended by NULL; its exit code. A signal fails the test. */
int run(const char *const *words);

/* For children that a test forks itself: a descriptor goes into a file of the scratch folder; the child
 * becomes recdockctl. */
void redirect(int fd, const char *name);
void program_exec(const char *const *words);

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

#define assert_says(text, piece) \
        ck_assert_msg(strstr(text, piece) != NULL, "'%s' does not say '%s'", text, piece)
