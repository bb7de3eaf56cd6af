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

static const char *const kind_names[_FAULT_MAX] = {
                [FAULT_STALL] = "stall",
                [FAULT_SILENCE] = "silence",
                [FAULT_VANISH] = "vanish",
                [FAULT_SHORT] = "short",
                [FAULT_BABBLE] = "babble",
                [FAULT_CORRUPT] = "corrupt",
                [FAULT_ENDLESS_DATA] = "endless-data",
                [FAULT_BUSY] = "busy",
                [FAULT_REFUSE] = "refuse",
                [FAULT_STALE] = "stale",
                [FAULT_TRANSACTION] = "transaction",
                [FAULT_GARBAGE] = "garbage",
                [FAULT_DELAY] = "delay",
                [FAULT_SIZE] = "size",
                [FAULT_INFO_SIZE] = "info-size",
                [FAULT_LIST_SIZE] = "list-size",
                [FAULT_LIST_OMITS] = "list-omits",
                [FAULT_LIST_LIES] = "list-lies",
                [FAULT_UNKNOWN_HANDLES] = "unknown-handles",
                [FAULT_DELETE_LIES] = "delete-lies",
                [FAULT_CLOCK_BACK] = "clock-back",
                [FAULT_CLOCK_STUCK] = "clock-stuck",
                [FAULT_CANCEL_IGNORED] = "cancel-ignored",
                [FAULT_HOSTILE_NAMES] = "hostile-names",
                [FAULT_CYCLIC] = "cyclic",
                [FAULT_ENDLESS_LISTING] = "endless-listing",
};

const char *recsim_fault_name(enum recsim_fault_kind kind)
{
        return kind < _FAULT_MAX ? kind_names[kind] : "unknown";
}

static int kind_parse(const char *text, enum recsim_fault_kind *ret, char *why)
{
        for (int i = 0; i < _FAULT_MAX; i++) {
                if (strcmp(kind_names[i], text) == 0) {
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
                f->op = (uint16_t)v;
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
                               "fault setting '%.60s': expected op, object, at, nth, times or value", key);
        }
        return r;
}

int recsim_fault_parse(const char *text, struct recsim_fault *ret, char *why)
{
        struct recsim_fault f = {.at = -1};
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

static bool fault_is_due(struct recsim_fault *f, const struct recsim_occasion *o)
{
        if (f->times == 0 || (f->op && f->op != o->op) || !object_matches(f->object, o->path))
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
