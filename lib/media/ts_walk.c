// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every transport packet's four header bytes, in file order. libavformat drops a stream's damaged packets
 * quietly; the counters here tell that packets are missing even where the pictures around still look right.
 */
#include "media/ts_walk.h"
#include "base/cleanup.h"

#include <string.h>

#define TS_NULL_PID 0x1fff

void ts_walk_init(struct ts_walk *w, unsigned int start, unsigned int stride)
{
        memset(w, 0, sizeof(*w));
        w->stride = stride;
        w->next = start;
}

/* A flagged discontinuity is lawful: the adaptation field's first flag bit (section 2.4.3.5). */
static bool packet_discontinuous(const uint8_t *p)
{
        return (p[3] & 0x20) && p[4] > 0 && (p[5] & 0x80);
}

/* The counter goes up with each packet that has a payload; one repetition of a packet is allowed
 * (section 2.4.3.3). */
static bool counter_follows(struct ts_pid *pid, unsigned int counter, bool payload)
{
        if (!payload)
                return counter == pid->counter;
        if (counter == pid->counter && !pid->repeated) {
                pid->repeated = 1;
                return true;
        }
        pid->repeated = 0;
        return counter == ((pid->counter + 1U) & 15);
}

static void packet_check(struct ts_walk *w, const uint8_t *p)
{
        unsigned int id = (p[1] & 0x1fU) << 8 | p[2], counter = p[3] & 15;
        struct ts_pid *pid = &w->pids[id];

        w->packets++;
        if (p[0] != 0x47) {
                w->unsynced++;
                return;
        }
        w->errors += p[1] >> 7;
        if (id == TS_NULL_PID)
                return;
        w->scrambled += (p[3] & 0xc0) != 0;
        pid->moves |= pid->seen && counter != pid->counter;
        if (pid->seen && !packet_discontinuous(p) && !counter_follows(pid, counter, p[3] & 0x10))
                pid->breaks++;
        pid->counter = (uint8_t)counter;
        pid->seen = 1;
}

int ts_walk_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        struct ts_walk *w = userdata;
        int64_t end = offset + (int64_t)size;

        while (w->next + (int64_t)w->n_held < end) {
                size_t at = (size_t)(w->next + (int64_t)w->n_held - offset);
                size_t part = MIN(TS_PACKET_SIZE - w->n_held, size - at);

                if (part == TS_PACKET_SIZE) {
                        packet_check(w, data + at);
                } else {
                        memcpy(w->held + w->n_held, data + at, part);
                        w->n_held += part;
                        if (w->n_held < TS_PACKET_SIZE)
                                break;
                        packet_check(w, w->held);
                        w->n_held = 0;
                }
                w->next += w->stride;
        }
        return 0;
}

/* There are recorders whose tables all carry the same number, in every file: that is a habit, and says
 * nothing of losses. A counter that runs and jumps does. */
static bool packets_lost(const struct ts_walk *w)
{
        for (size_t i = 0; i < TS_PIDS; i++)
                if (w->pids[i].breaks > 0 && w->pids[i].moves)
                        return true;
        return false;
}

void ts_walk_report(const struct ts_walk *w, struct findings *findings)
{
        if (w->n_held > 0)
                findings_add(findings, FINDING_TS_CUT);
        if (w->unsynced > 0)
                findings_add(findings, FINDING_TS_SYNC);
        if (w->packets > 0 && w->scrambled > w->packets / 2)
                findings_add(findings, FINDING_SCRAMBLED);
        else if (packets_lost(w))
                findings_add(findings, FINDING_TS_CONTINUITY);
        if (w->errors > 0)
                findings_add(findings, FINDING_CORRUPT_PACKETS);
}
