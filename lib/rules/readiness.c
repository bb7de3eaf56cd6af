// SPDX-License-Identifier: LGPL-2.1-or-later
/* The check before issue; see readiness.h. The words of the reasons are what recdockctl translates. */
#include "rules/readiness.h"

static const char *const check_words[_READINESS_CHECK_MAX] = {
                [READINESS_REGISTERED] = "registered", [READINESS_ASSIGNED] = "assigned",
                [READINESS_RETURNED] = "returned",     [READINESS_EXPORTED] = "exported",
                [READINESS_DEADLINE] = "deadline",     [READINESS_CLOCK] = "clock",
                [READINESS_BATTERY] = "battery",       [READINESS_STORAGE] = "storage",
                [READINESS_ALERTS] = "alerts",
};

const char *readiness_check_text(enum readiness_check c)
{
        return check_words[c];
}

bool readiness_refuses(enum readiness_check c)
{
        return c != READINESS_REGISTERED && c != READINESS_ASSIGNED && c != READINESS_RETURNED;
}

static struct readiness_line good(void)
{
        return (struct readiness_line){HEALTH_GOOD, ""};
}

static struct readiness_line bad_if(bool condition, const char *reason)
{
        return condition ? (struct readiness_line){HEALTH_BAD, reason} : good();
}

static struct readiness_line unknown(const char *reason)
{
        return (struct readiness_line){HEALTH_UNKNOWN, reason};
}

static struct readiness_line exported(const struct readiness_facts *f)
{
        switch (f->docking) {
        case READINESS_DOCKING_UNDER_WAY:
                return bad_if(true, "docking-under-way");
        case READINESS_DOCKING_FAILED:
                return bad_if(true, "docking-failed");
        case READINESS_DOCKING_CUT_SHORT:
                return bad_if(true, "docking-cut-short");
        default:
                break;
        }
        if (f->waits)
                return bad_if(true, "not-docked-since-return");
        return f->docking == READINESS_NEVER_DOCKED ? unknown("never-docked") : good();
}

/* A value of the last docking. */
static struct readiness_line value(const struct readiness_facts *f, enum health h, const char *reason)
{
        if (f->docking == READINESS_NEVER_DOCKED)
                return unknown("never-docked");
        return h == HEALTH_UNKNOWN ? unknown("not-told") : bad_if(h == HEALTH_BAD, reason);
}

/* It is read when the recorder is plugged in, which is when it comes back from a duty. */
static struct readiness_line battery(const struct readiness_facts *f)
{
        struct readiness_line line = value(f, f->battery, "low");

        return line.state == HEALTH_BAD && f->charged_since ? unknown("charged-since") : line;
}

enum health readiness_judge(const struct readiness_facts *facts,
                            struct readiness_line ret[_READINESS_CHECK_MAX])
{
        enum health all = HEALTH_GOOD;

        ret[READINESS_REGISTERED] = bad_if(facts->retired, "retired");
        ret[READINESS_ASSIGNED] = bad_if(!facts->assigned, "not-assigned");
        ret[READINESS_RETURNED] = bad_if(facts->out, "out");
        ret[READINESS_EXPORTED] = exported(facts);
        ret[READINESS_DEADLINE] = bad_if(facts->overdue, "overdue");
        ret[READINESS_CLOCK] = value(facts, facts->clock, "off");
        ret[READINESS_BATTERY] = battery(facts);
        ret[READINESS_STORAGE] = value(facts, facts->storage, "low");
        ret[READINESS_ALERTS] = bad_if(facts->alerts > 0, "open");
        for (unsigned int i = 0; i < _READINESS_CHECK_MAX; i++) {
                if (ret[i].state == HEALTH_BAD)
                        all = HEALTH_BAD;
                else if (ret[i].state == HEALTH_UNKNOWN && all == HEALTH_GOOD)
                        all = HEALTH_UNKNOWN;
        }
        return all;
}
