// SPDX-License-Identifier: LGPL-2.1-or-later
/* Removals in the ledger; see removal.h. */
#include "catalogue/removal.h"
#include "base/cleanup.h"
#include "catalogue/docking.h"
#include "catalogue/statement.h"

#include <inttypes.h>

#define ACT_ASK "item.removal-asked"
#define ACT_END "item.removed-from-recorder"

/* A removal that is open: its docking (?1 to ?4: the states that a docking is open in), and its item. What a
 * docking asks for is behind the entry of its plug. */
static const char open_removals[] =
                "SELECT d.id, CAST(substr(a.subject, length('item/') + 1) AS INTEGER) FROM docking d"
                " JOIN ledger p ON p.subject = 'docking/' || d.id AND p.act = 'docking.plugged'"
                " JOIN ledger a ON a.act = '" ACT_ASK "' AND a.sequence > p.sequence"
                " AND a.detail ->> 'docking' = d.id"
                " WHERE d.state IN (?1, ?2, ?3, ?4) AND NOT EXISTS (SELECT 1 FROM ledger e"
                " WHERE e.subject = a.subject AND e.act = '" ACT_END "' AND e.sequence > a.sequence)"
                " ORDER BY a.sequence";

struct removal {
        int64_t docking, item;
};

static int removal_note(struct catalogue *c, const char *actor, const char *act, int64_t item,
                        const char *detail)
{
        char who[64];

        (void)snprintf(who, sizeof(who), "item/%" PRId64, item);
        return catalogue_ledger(c, actor, act, who, detail);
}

int removal_ask(struct catalogue *c, const char *actor, int64_t docking, int64_t item, int64_t footage)
{
        char detail[96];

        (void)snprintf(detail, sizeof(detail), "{\"docking\":%" PRId64 ",\"footage\":%" PRId64 "}", docking,
                       footage);
        return removal_note(c, actor, ACT_ASK, item, detail);
}

int removal_end(struct catalogue *c, const char *actor, int64_t docking, int64_t item, const char *outcome)
{
        char detail[128];

        (void)snprintf(detail, sizeof(detail), "{\"docking\":%" PRId64 ",\"outcome\":\"%s\"}", docking,
                       outcome);
        return removal_note(c, actor, ACT_END, item, detail);
}

/* All of them before the first is ended: a walk sees no ledger that grows under it. */
static int open_collect(struct catalogue *c, struct removal **ret, size_t *ret_n)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        _cleanup_free_ struct removal *found = NULL;
        size_t n = 0;
        int r = statement_new(c, open_removals, &s);

        if (r >= 0)
                r = statement_bind(c, s,
                                   VALUES(INTEGER(DOCKING_PLUGGED), INTEGER(DOCKING_IDENTIFIED),
                                          INTEGER(DOCKING_LISTED), INTEGER(DOCKING_OFFLOADING)));
        while (r >= 0 && (r = statement_step(c, s)) > 0) {
                struct removal *grown = realloc(found, (n + 1) * sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                found = grown;
                found[n++] = (struct removal){.docking = sqlite3_column_int64(s, 0),
                                              .item = sqlite3_column_int64(s, 1)};
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(found);
        *ret_n = n;
        return 0;
}

int removal_end_open(struct catalogue *c, const char *actor, int64_t *ret)
{
        _cleanup_free_ struct removal *found = NULL;
        size_t n = 0;
        int r = catalogue_writable(c);

        if (r >= 0)
                r = open_collect(c, &found, &n);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = removal_end(c, actor, found[i].docking, found[i].item, REMOVAL_UNKNOWN);
        if (r < 0)
                return r;
        *ret = (int64_t)n;
        return CATALOGUE_OK;
}
