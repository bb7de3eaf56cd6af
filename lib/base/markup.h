/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text of strangers in HTML and SVG: nothing of it is ever markup, in content and in quoted attributes
 * alike. */

#include <stddef.h>
#include <stdio.h>

/* Escapes what markup is made of; what is not printable becomes U+FFFD. */
void markup_text(FILE *out, const char *text);
/* The same of at most 'columns' columns of a terminal (Chinese takes two), with "…" for the rest. */
void markup_text_short(FILE *out, const char *text, int columns);
/* Columns that it takes, as far as they matter: no more than 'most' are counted. */
int markup_width(const char *text, int most);
/* printf() whose result is escaped as a whole. */
void markup_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
