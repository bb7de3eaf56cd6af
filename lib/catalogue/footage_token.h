/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the full text index footage_name holds of a row: every three characters of the name that stand
 * together, and one group of three characters for each fact beside it that queries ask for. The first
 * character of a fact's group is its own, out of a private plane; two facts that share a group only make the
 * index find too much, never too little. 'ending' is the kind with the last two characters of the name: how
 * a name ends and what is in the file go together so closely that neither tells how many rows have both.
 * A change here takes a version of the schema that fills the index anew.
 */

#define TOKEN_FIRST    983040 /* U+F0000 */
#define TOKEN_BITS     15     /* of a number in one character */
#define TOKEN_MASK     32767
#define TOKEN_UNIT     1
#define TOKEN_OFFICER  2
#define TOKEN_RECORDER 3
#define TOKEN_KIND     4
#define TOKEN_VERDICT  5
#define TOKEN_SOURCE   6
#define TOKEN_BAY      7
#define TOKEN_ENDING   16 /* and the kind */

/* clang-format off */
#define TOKEN_TEXT_OF(x)       #x
#define TOKEN_TEXT(x)          TOKEN_TEXT_OF(x)
#define TOKEN_CHARACTER(value) TOKEN_TEXT(TOKEN_FIRST) " + " value

/* Three characters of a number, '' of none. */
#define TOKEN_NUMBER(code, column)                                                              \
        "iif(" column " IS NULL, '', char("                                                     \
        TOKEN_CHARACTER(TOKEN_TEXT(code)) ", "                                                  \
        TOKEN_CHARACTER("((" column " >> " TOKEN_TEXT(TOKEN_BITS) ") & " TOKEN_TEXT(TOKEN_MASK) ")") ", " \
        TOKEN_CHARACTER("(" column " & " TOKEN_TEXT(TOKEN_MASK) ")") "))"

#define FOOTAGE_TOKEN_COLUMNS "name, unit, officer, recorder, kind, verdict, source, bay, ending"

/* In the order of FOOTAGE_TOKEN_COLUMNS, from the row. */
#define FOOTAGE_TOKENS                              \
        "name, "                                    \
        TOKEN_NUMBER(TOKEN_UNIT, "unit") ", "       \
        TOKEN_NUMBER(TOKEN_OFFICER, "officer") ", " \
        TOKEN_NUMBER(TOKEN_RECORDER, "recorder") ", " \
        TOKEN_NUMBER(TOKEN_KIND, "kind") ", "       \
        TOKEN_NUMBER(TOKEN_VERDICT, "verdict") ", " \
        TOKEN_NUMBER(TOKEN_SOURCE, "source") ", "   \
        "iif(bay IS NULL, '', char(" TOKEN_CHARACTER(TOKEN_TEXT(TOKEN_BAY)) ") || substr(bay || '  ', 1, 2)), " \
        "char(" TOKEN_CHARACTER(TOKEN_TEXT(TOKEN_ENDING)) " + kind) || substr(name, -2)"
/* clang-format on */
