// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_chain.h. */
#include "recorder/ums/volume_chain.h"

#include "recorder/ums/volume_table.h"

void volume_chain_begin(struct volume_chain *c, const struct volume *v, uint32_t cluster, uint64_t most,
                        bool contiguous)
{
        *c = (struct volume_chain){.next = cluster, .left = most, .contiguous = contiguous, .power = 1};
        if (most == 0) {
                c->next = 0;
        } else if (cluster == 0) {
                c->end = CHAIN_ENDED;
        } else if (!volume_has_cluster(v, cluster)) {
                c->end = CHAIN_LED_ASTRAY;
                c->astray = cluster;
                c->next = 0;
        }
        c->mark = c->next;
}

static void chain_end(struct volume_chain *c, enum chain_end end, uint32_t astray)
{
        c->end = end;
        c->astray = astray;
        c->next = 0;
}

/* Compares with a cluster met before, which moves on at every power of two. */
static bool chain_cycles(struct volume_chain *c, uint32_t cluster)
{
        if (cluster == c->mark)
                return true;
        if (++c->since == c->power) {
                c->mark = cluster;
                c->power *= 2;
                c->since = 0;
        }
        return false;
}

/* Moves c->next behind 'cluster', which was given. */
static int chain_step(struct volume_chain *c, struct volume *v, uint32_t cluster)
{
        enum table_state state;
        uint32_t next;
        int r = table_look(v, cluster, &state, &next);

        if (r == RECORDER_UNREADABLE) {
                volume_tell(v, VOLUME_UNREADABLE,
                            "the FAT cannot be read at cluster %u, its chain ends there", cluster);
                chain_end(c, CHAIN_LED_ASTRAY, cluster);
                return RECORDER_OK;
        }
        if (r != RECORDER_OK)
                return r;
        if (state == TABLE_END)
                chain_end(c, CHAIN_ENDED, 0);
        else if (state != TABLE_NEXT)
                chain_end(c, CHAIN_LED_ASTRAY, state == TABLE_OUTSIDE ? next : cluster);
        else if (chain_cycles(c, next))
                chain_end(c, CHAIN_CYCLED, next);
        else
                c->next = next;
        return RECORDER_OK;
}

static void contiguous_next(struct volume_chain *c, const struct volume *v, uint32_t most,
                            struct volume_run *ret)
{
        uint32_t room = CLUSTER_FIRST + v->at.present - c->next;

        ret->cluster = c->next;
        ret->n = (uint32_t)MIN(MIN(c->left, (uint64_t)most), (uint64_t)room);
        c->left -= ret->n;
        c->next += ret->n;
        if (c->left == 0)
                c->next = 0;
        else if (ret->n == room)
                chain_end(c, CHAIN_LED_ASTRAY, c->next);
}

int volume_chain_next(struct volume_chain *c, struct volume *v, uint32_t most, struct volume_run *ret)
{
        struct volume_run run = {.cluster = c->next};

        if (c->next != 0 && c->contiguous) {
                contiguous_next(c, v, most, &run);
                *ret = run;
                return RECORDER_OK;
        }
        while (c->next != 0 && run.n < most && c->next == run.cluster + run.n) {
                int r;

                run.n++;
                c->left--;
                /* What follows the last one is asked for as well: it tells whether the chain ends there. */
                r = chain_step(c, v, run.cluster + run.n - 1);
                if (r != RECORDER_OK)
                        return r;
                if (c->left == 0)
                        break;
        }
        if (c->left == 0)
                c->next = 0;
        *ret = run;
        return RECORDER_OK;
}
