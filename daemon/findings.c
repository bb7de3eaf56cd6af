// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Findings of a docking; see findings.h. Runs inside the catalogue transaction of its burst. Whatever a
 * device sends in any number is bounded here: the deleted entries kept, the findings of the medium, the
 * holes, the lines in the station log and the text of an alert.
 */
#include "daemon/findings.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/finding.h"
#include "catalogue/item.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/station_internal.h"
#include "recorder/offload_messages.h"
#include "rules/footage_name.h"
#include "rules/sequence_gap.h"

#include <inttypes.h>
#include <string.h>

enum {
        DELETED_MAX = 10000,
        MEDIUM_MAX = 256,
        GAPS_MAX = 64,
        LOGGED_MAX = 20, /* lines of one kind and docking in the station log */
        FILED_LOOKED_AT_MAX = 20000,
};

/* The component that a volume's reader puts below the volume's name into the path of a deleted entry. */
static const char deleted_folder[] = "/(deleted)/";

void findings_clear(struct findings *f)
{
        for (size_t i = 0; i < f->n_deleted; i++)
                free(f->deleted[i].path);
        free(f->deleted);
        sequence_set_free(f->numbers);
        *f = (struct findings){0};
}

static void alert_subject(const struct docking *d, char who[DOCKING_SUBJECT_MAX])
{
        (void)snprintf(who, DOCKING_SUBJECT_MAX, "recorder/%s", d->recorder_number);
}

static struct finding finding_of(const struct docking *d, enum finding_kind kind)
{
        return (struct finding){
                        .docking = d->row.id,
                        .recorder = d->row.recorder,
                        .kind = kind,
                        .size = -1,
                        .count = 1,
                        .found_at = clock_now(),
        };
}

/* Writes one. False when the station fails. */
static bool note(struct docking *d, struct finding *f)
{
        bool is_new;

        return station_check(d->station, finding_note(d->station->catalogue, f, &is_new),
                             "write a finding") == CATALOGUE_OK;
}

/* --- numbers between names --- */

static bool patterns_number(const struct config *c)
{
        for (size_t i = 0; i < c->n_patterns; i++)
                if (name_pattern_numbers(c->patterns[i]))
                        return true;
        return false;
}

static int number_take(struct docking *d, const char *path, int64_t key, bool listed)
{
        const struct config *c = d->station->config;
        struct name_facts facts;

        name_pattern_apply(c->patterns, c->n_patterns, path, &facts);
        return sequence_set_add(d->found.numbers, &facts, key, listed);
}

void findings_take_item(struct docking *d, const struct item *item)
{
        if (d->row.source == FOOTAGE_IMPORT || !patterns_number(d->station->config))
                return;
        if (!d->found.numbers && sequence_set_new(&d->found.numbers) < 0)
                return;
        (void)number_take(d, item->path, item->id, true); /* out of memory: a hole more than there is */
}

static int on_filed_item(void *userdata, int64_t item, const char *path)
{
        return number_take(userdata, path, item, false);
}

static void on_gap(void *userdata, const struct sequence_gap *gap)
{
        struct docking *d = userdata;
        struct finding f = finding_of(d, FINDING_SEQUENCE_GAP);
        struct event_subject subject = docking_subject(d);
        struct item before, after;

        if (item_by_id(d->station->catalogue, gap->before, &before) != CATALOGUE_OK ||
            item_by_id(d->station->catalogue, gap->after, &after) != CATALOGUE_OK)
                return;
        (void)text_copy(f.path, sizeof(f.path), before.path);
        f.count = (int64_t)gap->last - gap->first + 1;
        (void)snprintf(f.text, sizeof(f.text), "%0*u to %0*u missing before %.400s", (int)gap->digits,
                       gap->first, (int)gap->digits, gap->last, after.path);
        if (!note(d, &f))
                return;
        event_log(EVENT_FINDING_NOTED, &subject, "%s: after '%s': %s", d->place, before.path, f.text);
}

static void gaps_ignore(void *userdata, const struct sequence_gap *gap)
{
        (void)userdata;
        (void)gap;
}

/* Numbers that were filed and removed since are no hole; they are looked up only when there is one. */
static void gaps_judge(struct docking *d)
{
        struct station *s = d->station;
        char who[DOCKING_SUBJECT_MAX];
        size_t n = 0;

        alert_subject(d, who);
        if (d->found.numbers)
                n = sequence_set_gaps(d->found.numbers, 0, gaps_ignore, NULL);
        if (n > 0) {
                station_check(s,
                              item_each_filed(s->catalogue, d->row.recorder, d->row.id, FILED_LOOKED_AT_MAX,
                                              on_filed_item, d),
                              "read items");
                n = sequence_set_gaps(d->found.numbers, GAPS_MAX, on_gap, d);
        }
        if (n > 0)
                station_alert(s, "sequence-gap", LOG_WARNING, who,
                              "%zu times numbers are missing between the names of docking %" PRId64
                              "; 'recdockctl finding list --docking %" PRId64 "' shows where",
                              n, d->row.id, d->row.id);
        else if (d->row.listing_complete)
                station_alert_clear(s, "sequence-gap", who);
}

/* --- the medium --- */

/* What any recorder that was switched off in the wrong moment has: written down, not alerted. */
static bool word_is_usual(const char *word)
{
        return strcmp(word, "dirty") == 0 || strcmp(word, "free-count") == 0;
}

/* Nothing that a driver which writes could make worse. */
static bool word_is_safe(const char *word)
{
        return strcmp(word, "free-count") == 0 || strcmp(word, "left-out") == 0;
}

void findings_take_medium(struct docking *d, const struct recorder_finding *m)
{
        struct event_subject subject = docking_subject(d);
        struct finding f = finding_of(d, FINDING_MEDIUM);

        if (d->task != TASK_LIST)
                return;
        docking_alive(d);
        (void)snprintf(f.word, sizeof(f.word), "%.*s", (int)sizeof(m->kind), m->kind);
        if (strcmp(f.word, "dirty") == 0)
                d->found.dirty = true;
        else
                d->found.n_unsafe += !word_is_safe(f.word);
        if (d->found.n_medium >= MEDIUM_MAX)
                return;
        (void)snprintf(f.path, sizeof(f.path), "%.*s", (int)sizeof(m->place), m->place);
        (void)snprintf(f.text, sizeof(f.text), "%.*s", (int)sizeof(m->text), m->text);
        text_make_printable(f.word);
        text_make_printable(f.path);
        text_make_printable(f.text);
        /* Two of one word and place differ by their text only: both are kept. */
        (void)snprintf(f.time_text, sizeof(f.time_text), "%zu", d->found.n_medium++);
        if (!note(d, &f))
                return;
        subject.priority = word_is_usual(f.word) ? LOG_NOTICE : LOG_WARNING;
        if (d->found.n_medium <= LOGGED_MAX)
                event_log(EVENT_FINDING_NOTED, &subject, "%s: %s%s%s: %s", d->place, f.word,
                          f.path[0] ? " on " : "", f.path, f.text);
        if (!word_is_usual(f.word) && d->found.n_alerting++ == 0)
                (void)snprintf(d->found.medium_text, sizeof(d->found.medium_text), "%s: %.200s", f.word,
                               f.text);
}

static void medium_judge(struct docking *d)
{
        char who[DOCKING_SUBJECT_MAX];

        alert_subject(d, who);
        if (d->found.n_alerting > 0)
                station_alert(d->station, "medium-damaged", LOG_WARNING, who,
                              "docking %" PRId64 " came across %zu contradictions of what recorder %s keeps "
                              "its files on; the first is %s",
                              d->row.id, d->found.n_alerting, d->recorder_number, d->found.medium_text);
        else if (d->row.listing_complete)
                station_alert_clear(d->station, "medium-damaged", who);
}

/* --- deleted entries --- */

static int deleted_grow(struct findings *f)
{
        size_t n = f->allocated ? 2 * f->allocated : 16;
        struct deleted_entry *grown = realloc(f->deleted, n * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        f->deleted = grown;
        f->allocated = n;
        return 0;
}

void findings_take_deleted(struct docking *d, const struct recorder_deleted *m)
{
        const struct config *c = d->station->config;
        struct findings *f = &d->found;
        struct deleted_entry e = {
                        .size = MAX(m->size, INT64_C(-1)),
                        .index = m->index,
                        .recoverable = m->flags & RECORDER_DELETED_RECOVERABLE,
        };
        char path[RECORDER_PATH_MAX];

        if (d->task != TASK_LIST)
                return;
        docking_alive(d);
        (void)snprintf(path, sizeof(path), "%.*s", (int)sizeof(m->path), m->path);
        (void)snprintf(e.time_text, sizeof(e.time_text), "%.*s", (int)sizeof(m->time_text), m->time_text);
        text_make_printable(path);
        text_make_printable(e.time_text);
        if (e.size == 0 || !footage_name_likely(c->patterns, c->n_patterns, path))
                return; /* nothing was ever in it, or it is no footage */
        if (f->n_deleted >= DELETED_MAX || (f->n_deleted == f->allocated && deleted_grow(f) < 0)) {
                f->left_out++;
                return;
        }
        e.path = strdup(path);
        if (e.path)
                f->deleted[f->n_deleted++] = e;
        else
                f->left_out++;
}

/* The path the file had: "CARD/DCIM/a.mp4" for "CARD/(deleted)/DCIM/a.mp4". */
static void path_before(const char *path, char ret[RECORDER_PATH_MAX])
{
        const char *slash = strchr(path, '/');
        size_t n = slash ? (size_t)(slash - path) : 0;

        if (slash && strncmp(slash, deleted_folder, strlen(deleted_folder)) == 0)
                (void)snprintf(ret, RECORDER_PATH_MAX, "%.*s/%s", (int)n, path,
                               slash + strlen(deleted_folder));
        else
                (void)snprintf(ret, RECORDER_PATH_MAX, "%s", path);
}

/* FAT overwrites the first byte of a deleted short name; the reader shows it as '_'. */
static int64_t lost_at(const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

        return *name == '_' ? name - path : -1;
}

/* Filed before, recovered before, or the left-over of a file that is still listed. 1 yes, 0 no. */
static int deleted_is_known(struct docking *d, const struct deleted_entry *e)
{
        struct catalogue *c = d->station->catalogue;
        char before[RECORDER_PATH_MAX];
        int r;

        path_before(e->path, before);
        r = finding_filed(c, d->row.recorder, d->row.id, before, -1, e->size, e->time_text);
        if (r == CATALOGUE_ABSENT && lost_at(before) >= 0)
                r = finding_filed(c, d->row.recorder, d->row.id, before, lost_at(before), e->size,
                                  e->time_text);
        if (r == CATALOGUE_ABSENT)
                r = finding_filed(c, d->row.recorder, 0, e->path, -1, e->size, e->time_text);
        if (station_check(d->station, r, "look up a deleted file") < 0)
                return r;
        return r == CATALOGUE_OK;
}

static const char *recoverable_text(bool recoverable)
{
        return recoverable ? "recoverable" : "overwritten";
}

/* What alert and log say of one. */
static void deleted_text(const struct deleted_entry *e, char *text, size_t size)
{
        (void)snprintf(text, size, "'%.200s' (%" PRId64 " bytes, %s, %s)", e->path, e->size,
                       e->time_text[0] ? e->time_text : "no time", recoverable_text(e->recoverable));
}

static bool deleted_note(struct docking *d, struct deleted_entry *e)
{
        struct event_subject subject = docking_subject(d);
        struct finding f = finding_of(d, FINDING_DELETED);
        char text[320];

        (void)text_copy(f.path, sizeof(f.path), e->path);
        (void)text_copy(f.time_text, sizeof(f.time_text), e->time_text);
        f.size = e->size;
        f.recoverable = e->recoverable;
        if (!note(d, &f))
                return false;
        e->finding = f.id;
        deleted_text(e, text, sizeof(text));
        event_log(EVENT_FINDING_NOTED, &subject, "%s: deleted on recorder %s before it was pulled: %s",
                  d->place, d->recorder_number, text);
        return true;
}

static void deleted_alert(struct docking *d, size_t n, size_t recoverable)
{
        char who[DOCKING_SUBJECT_MAX], text[640] = "", one[320];
        size_t used = 0, shown = 0;

        for (size_t i = 0; i < d->found.n_deleted; i++) {
                if (d->found.deleted[i].finding == 0)
                        continue;
                deleted_text(&d->found.deleted[i], one, sizeof(one));
                if (used + strlen(one) + 2 >= sizeof(text))
                        break;
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", shown ? ", " : "", one);
                shown++;
        }
        alert_subject(d, who);
        station_alert(d->station, "deleted-on-recorder", LOG_ERR, who,
                      "%zu files were deleted on recorder %s before they were pulled, %zu can be recovered "
                      "('recdockctl recover %" PRId64 "' while it is docked): %s%s",
                      n, d->recorder_number, recoverable, d->row.id, text, shown < n ? ", …" : "");
}

static void deleted_judge(struct docking *d)
{
        struct findings *f = &d->found;
        size_t n = 0, recoverable = 0;

        for (size_t i = 0; i < f->n_deleted; i++) {
                struct deleted_entry *e = &f->deleted[i];
                int known = deleted_is_known(d, e);

                if (known < 0 || (known == 0 && !deleted_note(d, e)))
                        return;
                n += known == 0;
                recoverable += known == 0 && e->recoverable;
        }
        if (f->left_out > 0)
                log_warning("%s: more than %d deleted files on recorder %s, %zu are not looked at", d->place,
                            DELETED_MAX, d->recorder_number, f->left_out);
        if (n > 0)
                deleted_alert(d, n, recoverable);
}

/* --- recovering --- */

static int deleted_plan(struct docking *d, const struct deleted_entry *e, const struct finding *f)
{
        struct item item = {
                        .recorder = d->row.recorder,
                        .docking = d->row.id,
                        .size = e->size,
                        .flags = RECORDER_ITEM_DELETED,
        };
        struct plan_entry entry = {
                        .index = e->index,
                        .flags = RECORDER_ITEM_DELETED,
                        .size = e->size,
                        .device_time = INSTANT_NONE,
        };
        struct plan_entry *planned;
        bool is_new;
        int r;

        (void)text_copy(item.path, sizeof(item.path), e->path);
        (void)text_copy(item.time_text, sizeof(item.time_text), e->time_text);
        r = item_note(d->station->catalogue, &item, &is_new);
        if (r < 0)
                return r;
        r = finding_start(d->station->catalogue, f, item.id);
        if (r < 0)
                return r;
        entry.item = item.id;
        entry.state = docking_plan_state(&item);
        r = plan_add(&d->plan, &entry, &planned);
        return r == -EEXIST ? 0 : r;
}

/* Somebody asked for it, now or at a docking that ended too early, or the configuration did. 1 yes, 0 no. */
static int deleted_is_wanted(struct docking *d, const struct finding *f)
{
        struct station *s = d->station;
        int r;

        if (f->state == FINDING_ASKED || (s->config->recover && f->state == FINDING_OPEN))
                return 1;
        if (f->state != FINDING_OPEN)
                return 0;
        r = station_check(s, finding_asked_before(s->catalogue, f), "read findings");
        return r < 0 ? r : r == CATALOGUE_OK;
}

void findings_plan_asked(struct docking *d)
{
        struct station *s = d->station;

        for (size_t i = 0; i < d->found.n_deleted; i++) {
                const struct deleted_entry *e = &d->found.deleted[i];
                struct finding f;
                int wanted;

                if (e->finding == 0 || !e->recoverable)
                        continue;
                if (station_check(s, finding_by_id(s->catalogue, e->finding, &f), "read a finding") != 0)
                        return;
                wanted = deleted_is_wanted(d, &f);
                if (wanted < 0 ||
                    (wanted > 0 && station_check(s, deleted_plan(d, e, &f), "plan to recover a file") < 0))
                        return;
        }
        plan_sort(&d->plan);
}

void findings_recovery_failed(struct docking *d, const struct plan_entry *e)
{
        struct station *s = d->station;
        struct item item;

        if (station_check(s, item_by_id(s->catalogue, e->item, &item), "read an item") != 0)
                return;
        if (item.part_docking > 0)
                (void)store_part_remove(s->store, item.part_docking, item.id);
        item.state = ITEM_LISTED;
        item.part_docking = item.durable = 0;
        item.has_durable_digest = item.has_digests = false;
        station_check(s, item_update(s->catalogue, &item), "write an item");
        station_check(s, finding_give_up(s->catalogue, e->item), "write a finding");
}

/* --- all of it --- */

void findings_judge(struct docking *d)
{
        struct station *s = d->station;

        /* Who imports chooses what to give: that says nothing of what its recorder has or lacks. */
        if (d->row.source == FOOTAGE_IMPORT)
                return;
        medium_judge(d);
        gaps_judge(d);
        deleted_judge(d);
        if (s->failed)
                return;
        station_check(s, finding_count(s->catalogue, d->row.id, &d->row.findings), "count findings");
        findings_plan_asked(d);
}
