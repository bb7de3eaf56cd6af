// SPDX-License-Identifier: LGPL-2.1-or-later
/* Unreadable ranges of items; see unreadable.h. */
#include "catalogue/unreadable.h"
#include "catalogue/statement.h"

#include <inttypes.h>
#include <string.h>

void unreadable_text(const struct unreadable_range *ranges, size_t n, int64_t bytes,
                     char ret[UNREADABLE_TEXT_MAX])
{
        static const char more[] = " …";
        size_t told = 0, used = (size_t)snprintf(ret, UNREADABLE_TEXT_MAX,
                                                 "unreadable %" PRId64 " bytes in %zu range%s:", bytes, n,
                                                 n == 1 ? "" : "s");

        while (told < MIN(n, (size_t)UNREADABLE_TOLD_MAX)) {
                const struct unreadable_range *range = &ranges[told];
                char one[64];
                size_t size = (size_t)snprintf(one, sizeof(one), " %" PRId64 "+%" PRId64 "%s", range->start,
                                               range->size, range->rest ? " (in part)" : "");

                if (used + size + sizeof(more) > UNREADABLE_TEXT_MAX)
                        break;
                memcpy(ret + used, one, size + 1);
                used += size;
                told++;
        }
        if (told < n)
                memcpy(ret + used, more, sizeof(more));
}

int unreadable_note(struct catalogue *c, int64_t item, const struct unreadable_range *range)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c,
                             "INSERT INTO item_unreadable (item, start, size, rest) VALUES (?1, ?2, ?3, ?4)"
                             " ON CONFLICT DO UPDATE SET size = max(size, excluded.size),"
                             " rest = max(rest, excluded.rest)",
                             VALUES(INTEGER(item), INTEGER(range->start), INTEGER(range->size),
                                    INTEGER(range->rest)));
}

int unreadable_forget(struct catalogue *c, int64_t item, int64_t from)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        r = statement_run(c, "DELETE FROM item_unreadable WHERE item = ?1 AND start >= ?2",
                          VALUES(INTEGER(item), INTEGER(from)));
        if (r < 0)
                return r;
        return statement_run(c,
                             "UPDATE item_unreadable SET size = ?2 - start, rest = 0"
                             " WHERE item = ?1 AND start + size > ?2",
                             VALUES(INTEGER(item), INTEGER(from)));
}

int unreadable_forget_before(struct catalogue *c, int64_t item, int64_t until)
{
        int r = catalogue_writable(c);

        if (r < 0)
                return r;
        return statement_run(c, "DELETE FROM item_unreadable WHERE item = ?1 AND start < ?2",
                             VALUES(INTEGER(item), INTEGER(until)));
}

int unreadable_read(struct catalogue *c, int64_t item, struct unreadable_range *ranges, size_t max,
                    size_t *ret_n, int64_t *ret_bytes)
{
        _statement_ sqlite3_stmt *s = NULL;
        int64_t bytes = 0;
        size_t n = 0;
        int r = statement_get(c,
                              "SELECT start, size, rest FROM item_unreadable WHERE item = ?1 ORDER BY start",
                              &s);

        if (r < 0)
                return r;
        r = statement_bind(c, s, VALUES(INTEGER(item)));
        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                struct unreadable_range range = {
                                .start = sqlite3_column_int64(s, 0),
                                .size = sqlite3_column_int64(s, 1),
                                .rest = sqlite3_column_int(s, 2) != 0,
                };

                if (n < max)
                        ranges[n] = range;
                n++;
                bytes += range.size;
        }
        if (r < 0)
                return r;
        *ret_n = n;
        *ret_bytes = bytes;
        return 0;
}
