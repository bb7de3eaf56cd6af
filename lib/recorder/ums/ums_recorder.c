// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Units, volumes, and what the recorder says of itself; see ums_recorder.h. What cannot be used is never
 * passed over in silence: a finding says why, and the listing counts as incomplete.
 */
#include "recorder/ums/ums_state.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/ums/bot_recovery.h"
#include "recorder/ums/partition.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define ROOTS_MAX      100 /* volumes of one label */
#define ANSWER_MS      20000
#define ANSWER_SLOW_MS 60000

bool ums_is_end(const struct ums_recorder *u, int r)
{
        return r < 0 || r == RECORDER_GONE || r == RECORDER_CANCELLED || u->bot.dead;
}

/* --- findings --- */

void ums_finding(struct ums_recorder *u, const char *kind, const char *place, const char *text)
{
        struct recorder_finding f = {0};

        (void)text_copy(f.kind, sizeof(f.kind), kind);
        (void)text_copy(f.place, sizeof(f.place), place);
        (void)text_copy(f.text, sizeof(f.text), text);
        text_make_printable(f.text);
        if (u->listener) {
                if (u->listener->on_finding && u->listener_result == 0)
                        u->listener_result = u->listener->on_finding(u->listener->userdata, &f);
        } else if (u->n_findings < UMS_FINDINGS_MAX) {
                u->findings[u->n_findings++] = f;
        } else {
                u->findings_lost++;
        }
}

__attribute__((format(printf, 4, 5))) static void finding_say(struct ums_recorder *u, const char *kind,
                                                              const char *place, const char *format, ...)
{
        char text[RECORDER_FINDING_TEXT_MAX];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        ums_finding(u, kind, place, text);
}

static void on_volume_finding(void *userdata, enum volume_finding finding, const char *text)
{
        struct ums_volume *v = userdata;

        ums_finding(v->owner, volume_finding_word(finding), v->root, text);
}

/* --- volumes --- */

static bool root_taken(const struct ums_recorder *u, const char *root)
{
        for (unsigned int i = 0; i < u->n_volumes; i++)
                if (strcmp(u->volumes[i].root, root) == 0)
                        return true;
        return false;
}

/* One component: what a volume calls itself, or its number. "NO NAME" is what formatting writes for none
 * (FAT specification 1.03, BS_VolLab). */
static void root_settle(const struct ums_recorder *u, const char *label, char ret[RECORDER_TEXT_MAX])
{
        char base[RECORDER_TEXT_MAX - 8];

        (void)text_copy(base, sizeof(base), label);
        text_make_printable(base);
        for (char *p = base; *p; p++)
                if (*p == '/')
                        *p = '_';
        if (base[0] == '\0' || strcmp(base, "NO NAME") == 0 || strcmp(base, ".") == 0 ||
            strcmp(base, "..") == 0)
                (void)snprintf(base, sizeof(base), "disk %u", u->n_volumes + 1);
        (void)text_copy(ret, RECORDER_TEXT_MAX, base);
        for (unsigned int n = 2; root_taken(u, ret) && n < ROOTS_MAX; n++)
                (void)snprintf(ret, RECORDER_TEXT_MAX, "%s~%u", base, n);
}

static int partition_open(struct ums_recorder *u, struct block_unit *disk, uint8_t lun,
                          const struct partition *p)
{
        struct ums_volume *v = &u->volumes[u->n_volumes];
        struct volume_opening how = {.charset = u->charset, .on = {.fn = on_volume_finding, .userdata = v}};
        struct volume_facts facts;
        int r;

        if (u->n_volumes == UMS_VOLUMES_MAX) {
                finding_say(u, "limit", "", "more than %d volumes, the others are not listed",
                            UMS_VOLUMES_MAX);
                return RECORDER_UNSUPPORTED;
        }
        *v = (struct ums_volume){.owner = u, .disk = disk, .lun = lun, .offset = p->offset};
        (void)snprintf(v->root, sizeof(v->root), "disk %u",
                       u->n_volumes + 1); /* for findings while it opens */
        r = volume_open(&v->volume, disk, p->offset, p->size, &how);
        if (r != RECORDER_OK) {
                if (!ums_is_end(u, r))
                        finding_say(u, "volume-unusable", v->root,
                                    "partition %u of %llu bytes cannot be read as FAT or exFAT: %s",
                                    p->number, (unsigned long long)p->size, recorder_outcome_text(r));
                return r;
        }
        volume_facts(v->volume, &facts);
        root_settle(u, facts.label[0] ? facts.label : p->label, v->root);
        u->n_volumes++;
        return RECORDER_OK;
}

/* --- units --- */

static int partitions_open(struct ums_recorder *u, struct block_unit *disk, uint8_t lun)
{
        struct ums_volume table = {.owner = u, .root = ""};
        const struct volume_findings on = {.fn = on_volume_finding, .userdata = &table};
        struct partitions partitions;
        int r = partitions_find(disk, &on, &partitions);

        if (r != RECORDER_OK)
                return r;
        for (unsigned int i = 0; i < partitions.n; i++) {
                r = partition_open(u, disk, lun, &partitions.at[i]);
                if (ums_is_end(u, r))
                        return r;
                u->complete &= r == RECORDER_OK;
        }
        return RECORDER_OK;
}

/* A slot without a card and a unit that is no disk are no faults. */
static int unit_open(struct ums_recorder *u, uint8_t lun)
{
        struct ums_unit *unit = &u->units[u->n_units];
        int r = disk_open(&unit->disk, &u->bot, lun, &u->disk_limits, &unit->inquiry);

        unit->outcome = r;
        unit->has_inquiry = unit->inquiry.vendor[0] || unit->inquiry.product[0];
        u->n_units++;
        if (r == RECORDER_OK)
                r = partitions_open(u, unit->disk, lun);
        if (r == RECORDER_OK || ums_is_end(u, r))
                return r;
        if (r == RECORDER_ABSENT || r == RECORDER_UNSUPPORTED) {
                bot_notice(&u->bot, LOG_DEBUG,
                           r == RECORDER_ABSENT ? "a unit without a medium" : "a unit that is no disk");
                return RECORDER_OK;
        }
        u->complete = false;
        finding_say(u, "unit-unusable", "", "unit %u: %s", lun, recorder_outcome_text(r));
        return RECORDER_OK;
}

static int units_open(struct ums_recorder *u)
{
        uint8_t last = 0;
        int r = bot_max_lun(&u->bot, &last);

        for (uint8_t lun = 0; r == RECORDER_OK && lun <= MIN(last, UMS_UNITS_MAX - 1); lun++)
                r = unit_open(u, lun);
        if (r == RECORDER_OK && last >= UMS_UNITS_MAX)
                finding_say(u, "limit", "", "%u units, at most %d are looked at", last + 1U, UMS_UNITS_MAX);
        return u->bot.dead ? RECORDER_STALLED : r;
}

/*
 * When no unit can be read: slots without a medium are what a locked recorder shows, and it is worth asking
 * again until somebody unlocks it (ums_list()). Anything else is a failure, or it would be waited for for
 * ever.
 */
static int units_judge(const struct ums_recorder *u)
{
        int worst = RECORDER_UNSUPPORTED;
        bool failed = false;

        for (unsigned int i = 0; i < u->n_units; i++) {
                int r = u->units[i].outcome;

                if (r == RECORDER_OK)
                        return RECORDER_OK;
                if (r == RECORDER_UNSUPPORTED || failed)
                        continue;
                failed = r != RECORDER_ABSENT;
                worst = r;
        }
        return worst == RECORDER_ABSENT ? RECORDER_OK : worst;
}

bool ums_changed(const struct ums_recorder *u)
{
        for (unsigned int i = 0; i < u->n_units; i++)
                if (u->units[i].disk && disk_changed(u->units[i].disk))
                        return true;
        return false;
}

void ums_forget(struct ums_recorder *u)
{
        for (unsigned int i = 0; i < u->n_volumes; i++)
                volume_free(u->volumes[i].volume);
        for (unsigned int i = 0; i < u->n_units; i++)
                disk_free(u->units[i].disk);
        memset(u->units, 0, sizeof(u->units));
        memset(u->volumes, 0, sizeof(u->volumes));
        u->n_volumes = u->n_units = u->n_files = 0;
        u->n_findings = u->findings_lost = 0;
        u->ready = false;
}

int ums_ready(struct ums_recorder *u)
{
        int r;

        if (u->ready)
                return RECORDER_OK;
        ums_forget(u);
        u->complete = true;
        r = units_open(u);
        if (r == RECORDER_OK)
                r = units_judge(u);
        if (r != RECORDER_OK) {
                ums_forget(u);
                return r;
        }
        u->ready = true;
        return RECORDER_OK;
}

/* --- verbs --- */

static void names_settle(const struct ums_recorder *u, struct recorder_identity *i)
{
        const struct scsi_inquiry *inquiry = NULL;

        for (unsigned int n = 0; n < u->n_units && !inquiry; n++)
                if (u->units[n].has_inquiry)
                        inquiry = &u->units[n].inquiry;
        (void)text_copy(i->manufacturer, sizeof(i->manufacturer), u->vendor);
        (void)text_copy(i->model, sizeof(i->model), u->product);
        (void)text_copy(i->serial, sizeof(i->serial), u->serial);
        if (!inquiry)
                return;
        if (inquiry->vendor[0])
                (void)text_copy(i->manufacturer, sizeof(i->manufacturer), inquiry->vendor);
        if (inquiry->product[0])
                (void)text_copy(i->model, sizeof(i->model), inquiry->product);
        (void)text_copy(i->firmware, sizeof(i->firmware), inquiry->revision);
}

/* The sum over all volumes; unknown when one of them is. */
static int space_read(struct ums_recorder *u, struct recorder_identity *i)
{
        int64_t free = 0, total = 0;

        for (unsigned int n = 0; n < u->n_volumes; n++) {
                struct volume_facts facts;
                int64_t of_volume = -1;
                bool counted;
                int r = volume_usage(u->volumes[n].volume, &of_volume, &counted);

                if (ums_is_end(u, r))
                        return r;
                if (r != RECORDER_OK)
                        of_volume = -1;
                volume_facts(u->volumes[n].volume, &facts);
                if (free >= 0 && (of_volume < 0 || __builtin_add_overflow(free, of_volume, &free)))
                        free = -1;
                if (total >= 0 && __builtin_add_overflow(total, facts.total_bytes, &total))
                        total = -1;
        }
        if (u->n_volumes > 0) {
                i->free_bytes = free;
                i->total_bytes = total;
        }
        return RECORDER_OK;
}

static int identify(struct recorder *recorder, struct recorder_identity *ret)
{
        struct ums_recorder *u = (struct ums_recorder *)recorder;
        struct recorder_identity i = {
                        .driver = "ums",
                        .capabilities = RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_RESUME,
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
                        .clock_station = INSTANT_NONE,
        };
        int r = ums_ready(u);

        if (r == RECORDER_OK)
                r = space_read(u, &i);
        if (r != RECORDER_OK)
                return r;
        names_settle(u, &i);
        *ret = i;
        return RECORDER_OK;
}

static int remove_nothing(struct recorder *recorder, uint32_t index)
{
        (void)recorder;
        (void)index;
        return RECORDER_UNSUPPORTED;
}

static int set_no_clock(struct recorder *recorder, const char *text, struct recorder_clock *ret_after)
{
        (void)recorder;
        (void)text;
        (void)ret_after;
        return RECORDER_UNSUPPORTED;
}

static void close_recorder(struct recorder *recorder)
{
        struct ums_recorder *u = (struct ums_recorder *)recorder;

        (void)bot_abandon(&u->bot);
        ums_forget(u);
        u->transport->verbs->free(u->transport);
        volume_charset_free(u->charset);
        free(u->files);
        free(u);
}

static const struct recorder_verbs ums_verbs = {
                .identify = identify,
                .list = ums_list,
                .read = ums_read,
                .remove = remove_nothing,
                .set_clock = set_no_clock,
                .figures = ums_figures,
                .close = close_recorder,
};

/* All waits in proportion to the one for an answer: a device that is slow at that is slow at the rest. */
static void limits_settle(const struct quirks *quirks, struct bot_limits *bot, struct disk_limits *disk)
{
        int usual = quirks->flags & QUIRK_SLOW ? ANSWER_SLOW_MS : ANSWER_MS;
        int answer = quirks->timeout_ms ? (int)quirks->timeout_ms : usual;

        *bot = (struct bot_limits){.command_ms = answer, .stall_ms = answer / 4, .whole_ms = answer * 3};
        *disk = (struct disk_limits){.read_size = quirks->chunk,
                                     .ready_ms = answer / 2,
                                     .narrow_ms = answer * 3,
                                     .coarse_ms = answer * 15};
}

int ums_recorder_new(struct recorder **ret, struct bot_transport *transport, const struct ums_open *how,
                     const struct quirks *quirks)
{
        struct ums_recorder *u = calloc(1, sizeof(*u));
        struct bot_limits limits;

        if (!u)
                return -ENOMEM;
        u->recorder.verbs = &ums_verbs;
        u->transport = transport;
        u->limits = how->limits;
        limits_settle(quirks, &limits, &u->disk_limits);
        u->notice = how->notice;
        u->userdata = how->userdata;
        bot_init(&u->bot, transport, &limits);
        u->bot.notice = how->notice;
        u->bot.userdata = how->userdata;
        *ret = &u->recorder;
        return 0;
}
