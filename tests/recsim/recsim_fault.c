// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults on demand: reading them from text, and deciding whether one is due. Counting happens here and
 * nowhere else, so "the third time", "once" and "always" mean the same for every kind.
 */

#include "recsim_fault.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        MTP = 1 << 0,
        DISK = 1 << 1,
};

static const struct {
        const char *name;
        unsigned int fits;
} kinds[_FAULT_MAX] = {
                [FAULT_STALL] = {"stall", MTP | DISK},
                [FAULT_SILENCE] = {"silence", MTP | DISK},
                [FAULT_VANISH] = {"vanish", MTP | DISK},
                [FAULT_SHORT] = {"short", MTP | DISK},
                [FAULT_BABBLE] = {"babble", MTP | DISK},
                [FAULT_CORRUPT] = {"corrupt", MTP | DISK},
                [FAULT_ENDLESS_DATA] = {"endless-data", MTP},
                [FAULT_BUSY] = {"busy", MTP},
                [FAULT_REFUSE] = {"refuse", MTP},
                [FAULT_STALE] = {"stale", MTP | DISK},
                [FAULT_TRANSACTION] = {"transaction", MTP},
                [FAULT_GARBAGE] = {"garbage", MTP | DISK},
                [FAULT_DELAY] = {"delay", MTP | DISK},
                [FAULT_SIZE] = {"size", MTP},
                [FAULT_INFO_SIZE] = {"info-size", MTP},
                [FAULT_LIST_SIZE] = {"list-size", MTP},
                [FAULT_LIST_OMITS] = {"list-omits", MTP},
                [FAULT_LIST_LIES] = {"list-lies", MTP},
                [FAULT_UNKNOWN_HANDLES] = {"unknown-handles", MTP},
                [FAULT_DELETE_LIES] = {"delete-lies", MTP},
                [FAULT_CLOCK_BACK] = {"clock-back", MTP},
                [FAULT_CLOCK_STUCK] = {"clock-stuck", MTP},
                [FAULT_CANCEL_IGNORED] = {"cancel-ignored", MTP},
                [FAULT_HOSTILE_NAMES] = {"hostile-names", MTP},
                [FAULT_CYCLIC] = {"cyclic", MTP},
                [FAULT_ENDLESS_LISTING] = {"endless-listing", MTP},
                [FAULT_STALL_COMMAND] = {"stall-command", DISK},
                [FAULT_STALL_STATUS] = {"stall-status", DISK},
                [FAULT_TAG] = {"tag", DISK},
                [FAULT_SIGNATURE] = {"signature", DISK},
                [FAULT_STATUS_SIZE] = {"status-size", DISK},
                [FAULT_RESIDUE] = {"residue", DISK},
                [FAULT_PHASE] = {"phase", DISK},
                [FAULT_SENSE] = {"sense", DISK},
                [FAULT_ATTENTION] = {"attention", DISK},
                [FAULT_NOT_READY] = {"not-ready", DISK},
                [FAULT_MEDIUM] = {"medium", DISK},
                [FAULT_CAPACITY] = {"capacity", DISK},
                [FAULT_EMPTY] = {"empty", DISK},
                [FAULT_READ_LIMIT] = {"read-limit", DISK},
                [FAULT_READ_LIMIT_STALL] = {"read-limit-stall", DISK},
                [FAULT_NO_MAX_LUN] = {"no-max-lun", DISK},
                [FAULT_RESET_IGNORED] = {"reset-ignored", DISK},
};

const char *recsim_fault_name(enum recsim_fault_kind kind)
{
        return kind < _FAULT_MAX ? kinds[kind].name : "unknown";
}

bool recsim_fault_fits(enum recsim_fault_kind kind, bool disk)
{
        return kind < _FAULT_MAX && (kinds[kind].fits & (disk ? DISK : MTP));
}

static int kind_parse(const char *text, enum recsim_fault_kind *ret, char *why)
{
        for (int i = 0; i < _FAULT_MAX; i++) {
                if (strcmp(kinds[i].name, text) == 0) {
                        *ret = (enum recsim_fault_kind)i;
                        return 0;
                }
        }
        (void)snprintf(why, RECSIM_WHY_MAX, "fault '%.60s': no such kind", text);
        return -EINVAL;
}

static int number_parse(const char *key, const char *text, uint64_t max, uint64_t *ret, char *why)
{
        char *end = NULL;
        unsigned long long v;

        errno = 0;
        v = strtoull(text, &end, 0);
        if (errno != 0 || end == text || *end || *text == '-' || v > max) {
                (void)snprintf(why, RECSIM_WHY_MAX, "%s='%.60s': expected a number up to %llu", key, text,
                               (unsigned long long)max);
                return -EINVAL;
        }
        *ret = v;
        return 0;
}

static int times_parse(const char *text, struct recsim_fault *f, char *why)
{
        uint64_t v = 0;
        int r;

        if (strcmp(text, "always") == 0) {
                f->times = RECSIM_ALWAYS;
                return 0;
        }
        r = number_parse("times", text, INT64_MAX, &v, why);
        if (r == 0)
                f->times = (int64_t)v;
        return r;
}

/* "100" or "100-107". */
static int lba_parse(const char *text, struct recsim_fault *f, char *why)
{
        char first[32];
        const char *dash = strchr(text, '-');
        int r;

        if (!text_copy(first, sizeof(first), text) || dash == text) {
                (void)snprintf(why, RECSIM_WHY_MAX, "lba='%.60s': expected FIRST or FIRST-LAST", text);
                return -EINVAL;
        }
        if (dash)
                first[dash - text] = '\0';
        r = number_parse("lba", first, INT64_MAX, &f->lba_first, why);
        f->lba_last = f->lba_first;
        if (r == 0 && dash)
                r = number_parse("lba", dash + 1, INT64_MAX, &f->lba_last, why);
        if (r == 0 && f->lba_last < f->lba_first) {
                (void)snprintf(why, RECSIM_WHY_MAX, "lba='%.60s': ends before it begins", text);
                r = -EINVAL;
        }
        return r;
}

static int setting_parse(const char *key, const char *value, struct recsim_fault *f, char *why)
{
        uint64_t v = 0;
        int r = -EINVAL;

        if (strcmp(key, "object") == 0) {
                if (text_copy(f->object, sizeof(f->object), value))
                        return 0;
                (void)snprintf(why, RECSIM_WHY_MAX, "object='%.60s…': too long", value);
        } else if (strcmp(key, "times") == 0) {
                r = times_parse(value, f, why);
        } else if (strcmp(key, "op") == 0) {
                r = number_parse(key, value, UINT16_MAX, &v, why);
                f->op = (int32_t)v;
        } else if (strcmp(key, "lba") == 0) {
                r = lba_parse(value, f, why);
        } else if (strcmp(key, "lun") == 0) {
                r = number_parse(key, value, 15, &v, why);
                f->lun = (int16_t)v;
        } else if (strcmp(key, "at") == 0) {
                r = number_parse(key, value, INT64_MAX, &v, why);
                f->at = (int64_t)v;
        } else if (strcmp(key, "nth") == 0) {
                r = number_parse(key, value, UINT32_MAX, &v, why);
                f->nth = (uint32_t)v;
        } else if (strcmp(key, "value") == 0) {
                r = number_parse(key, value, UINT64_MAX, &f->value, why);
                f->has_value = r == 0;
        } else {
                (void)snprintf(why, RECSIM_WHY_MAX,
                               "fault setting '%.60s': expected op, object, lun, lba, at, nth, times or "
                               "value",
                               key);
        }
        return r;
}

int recsim_fault_parse(const char *text, struct recsim_fault *ret, char *why)
{
        struct recsim_fault f = {.op = -1, .at = -1, .lun = -1, .lba_last = UINT64_MAX};
        char copy[512];
        char *rest = copy;
        char *word;
        int r;

        if (!text_copy(copy, sizeof(copy), text)) {
                (void)snprintf(why, RECSIM_WHY_MAX, "fault '%.60s…': too long", text);
                return -EINVAL;
        }
        word = strsep(&rest, ",");
        r = kind_parse(word, &f.kind, why);
        f.times = f.kind >= FAULT_SIZE ? RECSIM_ALWAYS : 1;
        while (r == 0 && (word = strsep(&rest, ","))) {
                char *value = strchr(word, '=');

                if (!value) {
                        (void)snprintf(why, RECSIM_WHY_MAX, "fault setting '%.60s': expected key=value",
                                       word);
                        return -EINVAL;
                }
                *value++ = '\0';
                r = setting_parse(word, value, &f, why);
        }
        if (r == 0)
                *ret = f;
        return r;
}

int recsim_faults_add(struct recsim_faults *f, const struct recsim_fault *fault)
{
        if (f->n == RECSIM_FAULTS_MAX)
                return -ENOSPC;
        f->entry[f->n++] = *fault;
        return 0;
}

static bool object_matches(const char *wanted, const char *path)
{
        const char *name;

        if (!*wanted)
                return true;
        if (!path)
                return false;
        name = strrchr(path, '/');
        return strcmp(wanted, path) == 0 || (name && strcmp(wanted, name + 1) == 0);
}

static bool sectors_match(const struct recsim_fault *f, const struct recsim_occasion *o)
{
        if (f->lun >= 0 && f->lun != o->lun)
                return false;
        if (f->lba_first == 0 && f->lba_last == UINT64_MAX)
                return true;
        return o->sectors > 0 && o->lba <= f->lba_last && o->lba + o->sectors > f->lba_first;
}

static bool fault_is_due(struct recsim_fault *f, const struct recsim_occasion *o)
{
        if (f->times == 0 || (f->op >= 0 && f->op != o->op) || !object_matches(f->object, o->path) ||
            !sectors_match(f, o))
                return false;
        if (f->at >= 0 && ((uint64_t)f->at < o->from || (uint64_t)f->at >= o->to))
                return false;
        /* Without 'at' these strike when the command comes, not once more in its data. */
        if (f->at < 0 && o->to > o->from && f->kind <= FAULT_VANISH)
                return false;
        f->occasions++;
        if (f->occasions < f->nth)
                return false;
        if (f->times > 0)
                f->times--;
        return true;
}

const struct recsim_fault *recsim_faults_due(struct recsim_faults *f, enum recsim_fault_kind kind,
                                             const struct recsim_occasion *occasion)
{
        for (size_t i = 0; i < f->n; i++) {
                if (f->entry[i].kind == kind && fault_is_due(&f->entry[i], occasion)) {
                        f->fired[kind]++;
                        return &f->entry[i];
                }
        }
        return NULL;
}

bool recsim_faults_has(const struct recsim_faults *f, enum recsim_fault_kind kind)
{
        for (size_t i = 0; i < f->n; i++) {
                if (f->entry[i].kind == kind && f->entry[i].times != 0)
                        return true;
        }
        return false;
}
