// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How long the first page of 100 takes, for mixes of filters and orders over a station's index. Rows go in
 * through the library itself, as the daemon would file them: 60 units, 600 officers and 800 recorders over
 * three years, filed in order of time but for some that come late. The indexes that filing does not look at
 * are made in the end, which takes a fraction of the time; the database is the same but for the order of its
 * pages. All but the last hundredth are in cases, as of a station whose officers do what they should, and
 * how long one act of tagging TAGGED of them takes is printed.
 * Usage: bench_catalogue [ROWS [DATABASE [MIX]]]; a database that is there already is measured as it is; of
 * the mixes only those are that have the text MIX in their line.
 */
#include "base/cleanup.h"
#include "catalogue/case_file.h"
#include "catalogue/docking.h"
#include "catalogue/footage.h"
#include "catalogue/footage_index.h"
#include "catalogue/footage_token.h"
#include "catalogue/query.h"
#include "catalogue/registry.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define UNITS     60
#define OFFICERS  600
#define RECORDERS 800
#define BAYS      16
#define BATCH     20000 /* rows of one transaction */
#define ORIGINALS 1000000
#define SPAN      (3 * 365 * USEC_PER_DAY)
#define NOW       INT64_C(1793491200000000) /* 2026-11-01T08:00+08:00 */
#define RUNS      51
#define MIDDLE    25  /* of so many runs in order of time */
#define DRAWN     400 /* mixes drawn at random beside those that are listed */
#define ACTOR     "bench"
#define PER_CASE  100
#define TAGGED    5000 /* footage of one act */

static uint64_t state = UINT64_C(88172645463325252);

/* xorshift64: the same rows in every run. */
static uint64_t next_random(uint64_t below)
{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state % below;
}

static void must(int r, struct catalogue *c, const char *what)
{
        if (r == 0)
                return;
        (void)fprintf(stderr, "bench_catalogue: %s: %d %s\n", what, r, c ? catalogue_error(c) : "");
        exit(EXIT_FAILURE);
}

static void fill_registry(struct catalogue *c)
{
        int64_t id;

        for (int i = 1; i <= UNITS; i++) {
                struct unit u = {0};

                (void)snprintf(u.number, sizeof(u.number), "3101%08d", i);
                must(unit_add(c, ACTOR, &u, &id), c, "unit");
        }
        for (int i = 1; i <= OFFICERS; i++) {
                struct officer o = {.unit = 1 + i % UNITS};

                (void)snprintf(o.number, sizeof(o.number), "%06d", i);
                must(officer_add(c, ACTOR, &o, &id), c, "officer");
        }
        for (int i = 1; i <= RECORDERS; i++) {
                struct recorder_row r = {.unit = 1 + i % UNITS, .registered_at = NOW - SPAN};

                (void)snprintf(r.number, sizeof(r.number), "%07d", i);
                must(recorder_register(c, ACTOR, &r, &id), c, "recorder");
        }
}

/* Row 'i' of all. */
static instant_t filed_at(int64_t i, int64_t rows)
{
        return NOW - SPAN + (instant_t)((double)SPAN / (double)rows * (double)i);
}

static int64_t add_docking(struct catalogue *c, instant_t at, int64_t recorder)
{
        struct docking_row d = {
                        .bay = "1",
                        .recorder = recorder,
                        .state = DOCKING_RELEASED,
                        .plugged_at = at,
                        .identified_at = at,
                        .listed_at = at,
                        .released_at = at,
                        .unplugged_at = at,
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
                        .has_clock_offset = true,
                        .clock_offset = (int64_t)next_random(10 * USEC_PER_SEC),
        };

        must(docking_insert(c, ACTOR, &d), c, "docking");
        return d.id;
}

/* 94 % complete; the bad ones by how often they are seen. */
static enum media_verdict random_verdict(void)
{
        uint64_t n = next_random(10000);

        if (n < 9400)
                return VERDICT_COMPLETE;
        if (n < 9600)
                return VERDICT_NOT_MEDIA;
        if (n < 9800)
                return VERDICT_TRUNCATED;
        if (n < 9900)
                return VERDICT_ENCRYPTED;
        return n < 9990 ? VERDICT_DAMAGED : VERDICT_UNREADABLE;
}

static enum media_kind random_kind(void)
{
        uint64_t n = next_random(100);

        if (n < 70)
                return MEDIA_VIDEO;
        return n < 90 ? MEDIA_PHOTO : n < 97 ? MEDIA_AUDIO : MEDIA_OTHER;
}

static void random_footage(struct footage *f, int64_t i, int64_t rows, int64_t docking)
{
        static const char *const suffixes[_MEDIA_KIND_MAX] = {"DAT", "MP4", "WAV", "JPG"};
        instant_t filed = filed_at(i, rows);
        int64_t officer = 1 + (int64_t)next_random(OFFICERS), late = (int64_t)next_random(50) == 0 ? 30 : 1;
        time_t second;
        struct tm tm;

        *f = (struct footage){
                        .docking = docking,
                        .officer = next_random(50) == 0 ? 0 : officer,
                        .unit = 1 + officer % UNITS,
                        .recorder = 1 + (officer * 4 / 3 + (int64_t)next_random(2)) % RECORDERS,
                        .source = next_random(1000) == 0 ? FOOTAGE_IMPORT : FOOTAGE_DOCK,
                        .time_source = "name",
                        .kind = random_kind(),
                        .verdict = random_verdict(),
                        .size = (int64_t)next_random(INT64_C(2) << 30),
                        .container = "mp4",
                        .codecs = "h264,aac",
                        .offloaded_at = filed,
                        .deadline = filed + USEC_PER_DAY,
        };
        f->started_at = filed - (instant_t)next_random((uint64_t)(late * USEC_PER_DAY));
        f->deadline = f->started_at + USEC_PER_DAY;
        f->late_us = filed > f->deadline ? filed - f->deadline : 0;
        f->duration = (int64_t)next_random(600) * USEC_PER_SEC;
        f->ended_at = f->name_time = f->container_time = f->device_time = f->started_at;
        second = (time_t)(f->started_at / USEC_PER_SEC);
        (void)gmtime_r(&second, &tm);
        (void)snprintf(f->bay, sizeof(f->bay), "%d", 1 + (int)next_random(BAYS));
        (void)snprintf(f->name, sizeof(f->name), "%07d_%06d_%04d%02d%02d%02d%02d%02d_%04d%s.%s",
                       (int)f->recorder, (int)officer, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                       tm.tm_hour, tm.tm_min, tm.tm_sec, (int)next_random(10000),
                       next_random(100) == 0 ? "_IMP" : "", suffixes[f->kind]);
        (void)snprintf(f->source_path, sizeof(f->source_path), "card/DCIM/100MEDIA/%s", f->name);
        (void)snprintf(f->path, sizeof(f->path), "3101%08d/%07d/%06d/%04d%02d%02d/%" PRId64 "_%s",
                       (int)f->unit, (int)f->recorder, (int)officer, tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, i, f->name);
        must(digest_sha256(&i, sizeof(i), f->digests.sha256), NULL, "digest");
}

static void fill_batch(struct catalogue *c, int64_t first, int64_t rows)
{
        int64_t docking = 0, id;

        must(catalogue_begin(c), c, "begin");
        if (first == 0)
                fill_registry(c);
        for (int64_t i = first; i < MIN(first + BATCH, rows); i++) {
                struct footage f;

                if (i % 20 == 0)
                        docking = add_docking(c, filed_at(i, rows), 1 + i / 20 % RECORDERS);
                random_footage(&f, i, rows, docking);
                must(footage_intent(c, &f), c, "intent");
                must(footage_commit(c, ACTOR, 0, &id), c, "footage");
        }
        must(catalogue_commit(c), c, "commit");
}

static void must_run(sqlite3 *db, const char *sql)
{
        char *why;

        if (sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK)
                return;
        (void)fprintf(stderr, "bench_catalogue: '%s': %s\n", sql, why);
        exit(EXIT_FAILURE);
}

/* What gives the script to run before rows are filed, and that for after it. The name index, too,
 * is filled at once: row by row SQLite writes it out with each, 43 KB at a million rows. */
static const char begin_query[] =
                "SELECT group_concat('DROP INDEX ' || name, ';') || ';DROP TABLE footage_name;"
                "CREATE TABLE footage_name (" FOOTAGE_TOKEN_COLUMNS ")'"
                " FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL AND tbl_name IN ('footage', "
                "'ledger')";
static const char end_query[] = "SELECT group_concat(sql, ';') || ';DROP TABLE footage_name;' ||"
                                " (SELECT sql FROM sqlite_schema WHERE name = 'footage_name') ||"
                                " ';INSERT INTO footage_name (rowid, " FOOTAGE_TOKEN_COLUMNS
                                ") SELECT id, ' || ?1 || ' FROM footage'"
                                " FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL AND tbl_name IN "
                                "('footage', 'ledger')";

static char *index_script(sqlite3 *db, const char *query)
{
        sqlite3_stmt *statement = NULL;
        char *script;

        if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) != SQLITE_OK)
                must(-EIO, NULL, sqlite3_errmsg(db));
        if (sqlite3_bind_parameter_count(statement) > 0)
                (void)sqlite3_bind_text(statement, 1, FOOTAGE_TOKENS, -1, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_ROW)
                must(-EIO, NULL, sqlite3_errmsg(db));
        script = strdup((const char *)sqlite3_column_text(statement, 0));
        (void)sqlite3_finalize(statement);
        if (!script)
                must(-ENOMEM, NULL, "indexes");
        return script;
}

static void fill_originals(const char *path, int64_t rows)
{
        struct catalogue *c;

        must(catalogue_open(&c, path, false), NULL, "the database cannot be made");
        for (int64_t i = 0; i < MIN(rows, ORIGINALS); i += BATCH)
                fill_batch(c, i, rows);
        catalogue_close(c);
}

/* The copy with the number %1$lld: %2$lld microseconds later, of the originals up to %3$lld. A name has its
 * time from the 16th character on. */
static const char copy_sql[] =
                "INSERT INTO footage (docking, unit, recorder, officer, bay, name, source, source_path,"
                " started_at, ended_at, ordered_at, time_source, time_flags, name_time, container_time,"
                " device_time, duration, size, sha256, verdict, container, codecs, kind, path, offloaded_at,"
                " deadline, late_us, important)"
                " SELECT docking, unit, recorder, officer, bay, substr(name, 1, 15) ||"
                " strftime('%%Y%%m%%d%%H%%M%%S', (started_at + %2$lld) / 1000000, 'unixepoch') || "
                "substr(name, 30),"
                " source, source_path, started_at + %2$lld, ended_at + %2$lld, ordered_at + %2$lld, "
                "time_source,"
                " time_flags, name_time + %2$lld, container_time + %2$lld, device_time + %2$lld, duration, "
                "size,"
                " randomblob(32), verdict, container, codecs, kind, '%1$lld/' || path, offloaded_at + "
                "%2$lld,"
                " deadline + %2$lld, late_us, important"
                " FROM footage WHERE id <= %3$lld ORDER BY id";

static void fill_copies(sqlite3 *db, int64_t rows)
{
        must_run(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144");
        for (int64_t n = 1; n * ORIGINALS < rows; n++) {
                double later = (double)SPAN * ORIGINALS / (double)rows;
                char sql[sizeof(copy_sql) + 256];

                (void)snprintf(sql, sizeof(sql), copy_sql, (long long)n, (long long)(later * (double)n),
                               (long long)MIN(rows - n * ORIGINALS, ORIGINALS));
                must_run(db, sql);
        }
}

static int64_t add_case(struct catalogue *c, int64_t i)
{
        const struct case_act act = {ACTOR, "", ""};
        struct case_file f = {.unit = 1 + i % UNITS,
                              .party = "party",
                              .handler = "handler",
                              .secrecy = "none",
                              .from = INSTANT_NONE,
                              .to = INSTANT_NONE,
                              .opened_at = NOW - SPAN + i,
                              .closed_at = INSTANT_NONE,
                              .file_until = INSTANT_NONE};
        int64_t id = 0;

        (void)snprintf(f.number, sizeof(f.number), "2026-%06" PRId64, i);
        must(case_open(c, &act, &f, false, &id), c, "case");
        return id;
}

/* Most by plain SQL, whose triggers keep what follows: an entry of the ledger for each is not what is
 * measured. */
static void fill_cases(const char *path, int64_t rows)
{
        int64_t cases = rows / PER_CASE * 99 / 100;
        _cleanup_free_ char *sql = NULL;
        struct catalogue *c;
        sqlite3 *db;

        must(catalogue_open(&c, path, false), NULL, "the database cannot be opened");
        must(catalogue_begin(c), c, "begin");
        for (int64_t i = 0; i < cases; i++)
                (void)add_case(c, i);
        must(catalogue_commit(c), c, "commit");
        catalogue_close(c);
        if (sqlite3_open(path, &db) != SQLITE_OK ||
            asprintf(&sql, "UPDATE footage SET case_id = 1 + (id - 1) / %d WHERE id <= %" PRId64, PER_CASE,
                     cases * PER_CASE) < 0)
                must(-EIO, NULL, path);
        must_run(db, "PRAGMA cache_size = -262144; PRAGMA synchronous = OFF");
        must_run(db, sql);
        (void)sqlite3_close(db);
}

/* One act, and its undoing, so that the next run finds the same. */
static void measure_tagging(const char *path, int64_t rows)
{
        const struct case_act act = {ACTOR, "approver", "reason"};
        int64_t footage[TAGGED], began, id = 0;
        struct case_tagging t;
        struct case_file f;
        struct catalogue *c;

        if (rows < TAGGED)
                return;
        must(catalogue_open(&c, path, false), NULL, "the database cannot be opened");
        must(case_by_number(c, "2026-000000", 0, &f), c, "case");
        id = f.id;
        for (int64_t i = 0; i < TAGGED; i++)
                footage[i] = rows - i;
        began = clock_monotonic();
        must(catalogue_begin(c), c, "begin");
        must(case_tag(c, &act, id, footage, TAGGED, true, &t), c, "tag");
        must(catalogue_commit(c), c, "commit");
        (void)printf("tagged %d footage in one transaction: %.0f ms\n\n", TAGGED,
                     (double)(clock_monotonic() - began) / 1000);
        must(catalogue_begin(c), c, "begin");
        must(case_untag(c, &act, id, footage, TAGGED, &t), c, "untag");
        must(catalogue_commit(c), c, "commit");
        catalogue_close(c);
}

/* As the daemon does it in hours of rest. */
static void merge_index(const char *path)
{
        bool first = true;
        struct catalogue *c;
        int r;

        must(catalogue_open(&c, path, false), NULL, "the database cannot be opened");
        do {
                must(catalogue_begin(c), c, "begin");
                r = footage_index_merge(c, first, 64);
                must(MIN(r, 0), c, "merge");
                must(catalogue_commit(c), c, "commit");
                first = false;
        } while (r > 0);
        catalogue_close(c);
}

static void fill(const char *path, int64_t rows)
{
        _cleanup_free_ char *drop = NULL, *make = NULL;
        int64_t began = clock_monotonic();
        struct catalogue *c;
        double seconds;
        sqlite3 *db;

        must(catalogue_open(&c, path, false), NULL, "the database cannot be made");
        catalogue_close(c);
        if (sqlite3_open(path, &db) != SQLITE_OK)
                must(-EIO, NULL, path);
        make = index_script(db, end_query);
        drop = index_script(db, begin_query);
        must_run(db, drop);
        (void)sqlite3_close(db);
        fill_originals(path, rows);
        if (sqlite3_open(path, &db) != SQLITE_OK)
                must(-EIO, NULL, path);
        fill_copies(db, rows);
        must_run(db, make);
        (void)sqlite3_close(db);
        fill_cases(path, rows);
        merge_index(path);
        seconds = (double)(clock_monotonic() - began) / USEC_PER_SEC;
        (void)printf("filed %" PRId64 " rows in %.0f s, %.0f a second\n\n", rows, seconds,
                     (double)rows / seconds);
}

static const char *const mixes[][10] = {
                {NULL},
                {"unit", "310100000007"},
                {"officer", "000123"},
                {"recorder", "0000321"},
                {"bay", "5"},
                {"bay", "99"},
                {"kind", "audio"},
                {"verdict", "unreadable"},
                {"verdict", "complete"},
                {"verdict", "truncated,damaged"},
                {"source", "import"},
                {"from", "-30d"},
                {"from", "-700d", "to", "-400d"},
                {"on", "2025-06-15"},
                {"name", "*_IMP.MP4"},
                {"name", "*0042_IMP*"},
                {"name", "0000321_*"},
                {"name", "*_20250615*"},
                {"name", "*no such*"},
                {"sha256", "00112233"},
                {"docking", "1234"},
                {"case", "2026-000123"},
                {"annotated", "no"},
                {"annotated", "yes"},
                {"annotated", "no", "unit", "310100000007"},
                {"annotated", "no", "officer", "000123", "from", "-30d"},
                {"annotated", "yes", "recorder", "0000321", "kind", "audio"},
                {"unit", "310100000007", "from", "-30d"},
                {"unit", "310100000007", "verdict", "truncated"},
                {"unit", "310100000007", "kind", "photo", "bay", "5"},
                {"unit", "310100000007", "name", "*_IMP*"},
                {"unit", "310100000007", "unit", "310100000008", "kind", "audio"},
                {"officer", "000123", "verdict", "damaged"},
                {"officer", "000123", "unit", "310100000050"},
                {"officer", "000123", "from", "-700d", "to", "-400d"},
                {"officer", "000123", "recorder", "0000164", "kind", "video"},
                {"recorder", "0000321", "on", "2025-06-15"},
                {"bay", "5", "kind", "audio"},
                {"bay", "5", "verdict", "truncated", "kind", "photo"},
                {"bay", "5", "source", "import", "from", "-365d"},
                {"bay", "5", "from", "-30d", "verdict", "truncated"},
                {"from", "-90d", "name", "*_IMP*"},
                {"from", "-30d", "name", "0000321_*"},
                {"unit", "310100000007", "officer", "000127", "recorder", "0000169", "bay", "5", "from",
                 "-700d"},
};

/* What mixes are drawn from: one of each kind of filter, and values that are rare and common. */
static const char *const singles[][2] = {
                {"unit", "310100000007"}, {"officer", "000123"},
                {"recorder", "0000321"},  {"bay", "5"},
                {"kind", "audio"},        {"kind", "video"},
                {"verdict", "damaged"},   {"verdict", "complete"},
                {"source", "import"},     {"from", "-30d"},
                {"from", "-700d"},        {"to", "-400d"},
                {"on", "2025-06-15"},     {"name", "*_IMP*"},
                {"name", "0000321_*"},    {"name", "*.WAV"},
};

static const char *const orders[] = {"time", "-time", "size", "-size", "name", "id", "-id"};

static int on_row(void *userdata, const char *json)
{
        (void)json;
        ++*(int *)userdata;
        return 0;
}

static int compare(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return x < y ? -1 : x > y;
}

struct measure {
        char what[160];
        double median, p99;
        int rows;
};

static struct query *make_query(const char *const *mix, const char *order, char *what, size_t size)
{
        struct query_filter filters[8];
        struct query *q = NULL;
        char *error = NULL;
        size_t n = 0;
        FILE *f = fmemopen(what, size, "w");

        for (size_t i = 0; i + 1 < 10 && mix[i]; i += 2) {
                filters[n++] = (struct query_filter){mix[i], mix[i + 1]};
                (void)fprintf(f, "%s=%s ", mix[i], mix[i + 1]);
        }
        (void)fprintf(f, "order=%s", order);
        (void)fclose(f);
        filters[n++] = (struct query_filter){"order", order};
        filters[n++] = (struct query_filter){"limit", "100"};
        if (query_new("footage", filters, n, NOW, &q, &error) < 0) {
                (void)fprintf(stderr, "bench_catalogue: %s\n", error);
                exit(EXIT_FAILURE);
        }
        return q;
}

static void measure(struct catalogue *c, struct query *q, struct measure *ret)
{
        int64_t times[RUNS];

        for (int i = 0; i < RUNS; i++) {
                int64_t began = clock_monotonic();

                ret->rows = 0;
                must(query_run(c, q, on_row, &ret->rows), c, "query");
                times[i] = clock_monotonic() - began;
        }
        qsort(times, RUNS, sizeof(times[0]), compare);
        ret->median = (double)times[MIDDLE] / 1000;
        ret->p99 = (double)times[RUNS - 1] / 1000; /* of 51 runs: the slowest */
}

static bool mix_takes(const char *const mix[10], const char *key)
{
        for (unsigned int i = 0; mix[i]; i += 2)
                if (strcmp(mix[i], key) == 0)
                        return false;
        return true;
}

/* Two to four filters, each of another kind. */
static void mix_draw(const char *mix[10])
{
        unsigned int wanted = 2 + (unsigned int)next_random(3), n = 0;

        memset(mix, 0, 10 * sizeof(*mix));
        for (unsigned int tries = 0; tries < 32 && n < wanted; tries++) {
                const char *const *s = singles[next_random(ELEMENTSOF(singles))];

                if (!mix_takes(mix, s[0]))
                        continue;
                mix[2 * n] = s[0];
                mix[2 * n + 1] = s[1];
                n++;
        }
}

static void measure_and_print(struct catalogue *c, const char *const *mix, const char *order,
                              const char *only, struct measure *worst)
{
        struct measure m;
        struct query *q = make_query(mix, order, m.what, sizeof(m.what));

        if (!strstr(m.what, only)) {
                query_free(q);
                return;
        }
        measure(c, q, &m);
        query_free(q);
        (void)printf("%9.2f %9.2f %5d  %s\n", m.median, m.p99, m.rows, m.what);
        if (m.median > worst->median)
                *worst = m;
}

static void run(const char *path, const char *only)
{
        struct measure worst = {0};
        struct catalogue *c;

        must(catalogue_open(&c, path, true), NULL, "the database cannot be opened");
        (void)printf("%9s %9s %5s  first page of 100\n", "median ms", "p99 ms", "rows");
        for (size_t i = 0; i < ELEMENTSOF(mixes); i++)
                for (size_t j = 0; j < ELEMENTSOF(orders); j++)
                        measure_and_print(c, mixes[i], orders[j], only, &worst);
        for (unsigned int i = 0; i < DRAWN; i++) {
                const char *mix[10];

                mix_draw(mix);
                measure_and_print(c, mix, orders[next_random(ELEMENTSOF(orders))], only, &worst);
        }
        (void)printf("\nworst: %.2f ms median, %.2f ms p99: %s\n", worst.median, worst.p99, worst.what);
        catalogue_close(c);
}

int main(int argc, char **argv)
{
        int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
        char folder[] = "/var/tmp/bench_catalogue.XXXXXX", path[sizeof(folder) + 16];
        struct stat st;

        if (rows < 1) {
                (void)fprintf(stderr, "bench_catalogue: ROWS '%s': expected a positive number\n", argv[1]);
                return EXIT_FAILURE;
        }
        must(zone_set("Asia/Shanghai"), NULL, "zone");
        if (argc > 2) {
                if (stat(argv[2], &st) < 0)
                        fill(argv[2], rows);
                measure_tagging(argv[2], rows);
                run(argv[2], argc > 3 ? argv[3] : "");
                return EXIT_SUCCESS;
        }
        if (!mkdtemp(folder))
                must(-errno, NULL, folder);
        (void)snprintf(path, sizeof(path), "%s/catalogue", folder);
        fill(path, rows);
        measure_tagging(path, rows);
        run(path, "");
        (void)unlink(path);
        (void)rmdir(folder);
        return EXIT_SUCCESS;
}
