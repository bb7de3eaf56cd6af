/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One recorder as a line of text, "NAME key=value … fault=…": what all front ends take. */

#include "recsim_profile.h"

#define RECSIM_NAME_MAX  64
#define RECSIM_WORDS_MAX 64

/*
 * Splits a line in place at spaces; double quotes and backslashes keep them. Returns the number of words, or
 * -EINVAL for an open quote or more than RECSIM_WORDS_MAX.
 */
int recsim_words_split(char *line, char **words);

/* Reads a recorder's settings from "key=value" words, over the defaults. -EINVAL, -ENOENT or -ENOSPC with
 * 'why'. */
int recsim_plug_parse(char **words, int n, struct recsim_profile *ret, struct recsim_faults *ret_faults,
                      char *why);
