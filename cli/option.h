/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Options that a verb cannot do without. */

#include "cli/verbs.h"

/* The value of --name, which belongs to the invocation. EXIT_USAGE with a sentence when it is missing or
 * empty; 'argument' is what the sentence expects. */
int option_require(const struct invocation *invocation, const char *name, const char *argument,
                   const char **ret);
