// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library of discs for tests and measurements.
 *
 *   burn_volume look DRIVE
 *   burn_volume write DRIVE SPEC [WORD…]   the volume of the JSON file SPEC; see volume_spec.h
 *   burn_volume verify DRIVE [WORD…]
 *
 * Words: recovery=PERCENT and scratch=FOLDER (where its image is staged), uncached (what comes out of memory
 * proves nothing), overwrite, eject, cancel=BYTES and kill=BYTES (from so much on, while writing),
 * cancel-codes (when all is staged), cancel-proof, progress (a line for each call). Prints lines of JSON:
 * what is not good, and the outcome.
 */
#include "optical/disc_drive.h"
#include "optical/disc_volume.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "archive/volume_spec.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

DEFINE_CLEANUP(struct archive_volume *, archive_volume_free);

static struct {
        struct spec spec;
        int64_t cancel_at, kill_at;
        bool cancel_codes, cancel_proof, progress, told[2];
        struct disc_options options;
        bool uncached;
} test = {.cancel_at = -1, .kill_at = -1};

static int open_source(void *userdata, const struct archive_entry *e)
{
        (void)userdata;
        return spec_open_source(&test.spec, e);
}

static int on_progress(void *userdata, enum archive_phase phase, int64_t done, int64_t total)
{
        (void)userdata;
        if (test.progress)
                (void)printf("{\"phase\": %d, \"done\": %" PRId64 ", \"total\": %" PRId64 "}\n", (int)phase,
                             done, total);
        if (phase == ARCHIVE_PROVING)
                return test.cancel_proof;
        if (test.cancel_codes && phase == ARCHIVE_STAGING && 2 * done >= total)
                return 1;
        if (test.kill_at >= 0 && done >= test.kill_at)
                (void)raise(SIGKILL);
        return test.cancel_at >= 0 && done >= test.cancel_at;
}

static bool word_take(const char *word)
{
        if (strncmp(word, "cancel=", 7) == 0)
                test.cancel_at = atoll(word + 7);
        else if (strncmp(word, "kill=", 5) == 0)
                test.kill_at = atoll(word + 5);
        else if (strcmp(word, "cancel-codes") == 0)
                test.cancel_codes = true;
        else if (strcmp(word, "cancel-proof") == 0)
                test.cancel_proof = true;
        else if (strcmp(word, "progress") == 0)
                test.progress = true;
        else if (strcmp(word, "uncached") == 0)
                test.uncached = true;
        else if (strcmp(word, "overwrite") == 0)
                test.options.overwrite = true;
        else if (strcmp(word, "eject") == 0)
                test.options.eject = true;
        else if (strncmp(word, "recovery=", 9) == 0)
                test.options.recovery = atoi(word + 9);
        else if (strncmp(word, "scratch=", 8) == 0)
                test.options.scratch = open(word + 8, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        else
                return false;
        return true;
}

static int look(const char *drive)
{
        struct disc_state s = {0};
        int r = disc_drive_look(drive, &s);
        json_object *o = json_object_new_object();

        (void)json_object_object_add(o, "error", json_object_new_int(r));
        (void)json_object_object_add(o, "content", json_object_new_string(disc_content_text(s.content)));
        (void)json_object_object_add(o, "kind", json_object_new_string(s.kind));
        (void)json_object_object_add(o, "media_id", json_object_new_string(s.media_id));
        (void)json_object_object_add(o, "capacity", json_object_new_int64(s.capacity));
        (void)json_object_object_add(o, "overwritable", json_object_new_boolean(s.overwritable));
        (void)json_object_object_add(o, "volume", json_object_new_string(s.volume));
        (void)printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int write_volume(const char *drive, const struct archive_work *work)
{
        struct spec *s = &test.spec;
        _cleanup_(archive_volume_freep) struct archive_volume *v = NULL;
        struct archive_report report = {0};
        int r = archive_volume_new(&v, &s->imprint, s->cases, s->n_cases, s->files, s->n_files);

        instant_t begun = clock_monotonic();

        if (r >= 0 && test.options.recovery != 0)
                r = disc_coder_new(&test.options.coder);
        if (r >= 0)
                r = disc_volume_write(drive, v, work, &test.options, &report);
        disc_coder_free(test.options.coder);
        (void)printf("{\"seconds\": %.3f}\n", (double)(clock_monotonic() - begun) / 1e6);
        return spec_outcome_print(r, &report);
}

int main(int argc, char **argv)
{
        bool writes = argc >= 4 && strcmp(argv[1], "write") == 0,
             verifies = argc >= 3 && strcmp(argv[1], "verify") == 0;
        struct archive_work work = {
                        .open_source = open_source, .on_result = spec_on_result, .on_progress = on_progress};
        struct archive_report report = {0};
        int r;

        (void)log_open("burn_volume", "console");
        log_set_max_priority(LOG_DEBUG);
        if (argc == 3 && strcmp(argv[1], "look") == 0)
                return look(argv[2]);
        for (int i = writes ? 4 : 3; i < argc; i++)
                if (!word_take(argv[i]))
                        writes = verifies = false;
        if ((!writes && !verifies) || (writes && spec_read(argv[3], &test.spec) < 0)) {
                (void)fprintf(stderr, "burn_volume: cannot read what it is to do\n");
                return 2;
        }
        work.cached_is_enough = !test.uncached;
        if (verifies)
                return spec_outcome_print(disc_volume_verify(argv[2], &work, &report), &report);
        r = write_volume(argv[2], &work);
        spec_done(&test.spec);
        return r;
}
