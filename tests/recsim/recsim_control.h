/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The line protocol of the test bed: one command a line, one answer a line, "ok …" or "error …". Words are
 * separated by spaces; double quotes or a backslash keep a space inside a word. README.md lists the
 * commands.
 */

#include "recsim_umockdev.h"

/* Answers one line (without its newline). The caller frees the answer. Sets *ret_quit for "quit". */
char *recsim_control_answer(struct recsim_testbed *b, const char *line, bool *ret_quit);

/* Client: sends each line in turn, prints the answers to stdout (errors to stderr). Returns an exit status.
 */
int recsim_control_send(const char *path, char **lines, int n);
