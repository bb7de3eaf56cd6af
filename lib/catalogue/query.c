// SPDX-License-Identifier: LGPL-2.1-or-later
/* Queries; see query.h. Here a query is judged as a whole and run; values are read in query_filter.c, nouns
 * stand in query_noun.c. */
#include "catalogue/query_noun.h"

#include <stdarg.h>
#include <string.h>

DEFINE_CLEANUP(struct query *, query_free);

void query_free(struct query *q)
{
        if (!q)
                return;
        for (size_t i = 0; i < q->noun->n_filters; i++) {
                for (size_t j = 0; j < q->terms[i].n; j++)
                        free(q->terms[i].values[j].text);
                free(q->terms[i].values);
        }
        free(q->terms);
        free(q);
}

/* Gives -EINVAL and the text, or -ENOMEM. */
static int __attribute__((format(printf, 2, 3))) refuse(char **ret_error, const char *format, ...)
{
        va_list args;
        char *text;
        int n;

        va_start(args, format);
        n = vasprintf(&text, format, args);
        va_end(args);
        if (n < 0)
                return -ENOMEM;
        *ret_error = text;
        return -EINVAL;
}

/* "a, b or c" of the names at 'first', one every 'stride' bytes. */
static char *list_names(const void *first, size_t stride, size_t n)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                const char *name;

                memcpy(&name, (const char *)first + i * stride, sizeof(name));
                (void)fprintf(f, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", name);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static const struct noun *find_noun(const char *name)
{
        for (size_t i = 0; i < query_nouns_n; i++)
                if (strcmp(query_nouns[i].name, name) == 0)
                        return &query_nouns[i];
        return NULL;
}

static int refuse_noun(const char *name, char **ret_error)
{
        _cleanup_free_ char *names = list_names(&query_nouns[0].name, sizeof(query_nouns[0]), query_nouns_n);

        if (!names)
                return -ENOMEM;
        return refuse(ret_error, "unknown noun '%s', expected one of %s", name, names);
}

static int find_filter(const struct noun *noun, const char *key, size_t *ret, char **ret_error)
{
        _cleanup_free_ char *names = NULL;

        for (size_t i = 0; i < noun->n_filters; i++) {
                if (strcmp(noun->filters[i].key, key) == 0) {
                        *ret = i;
                        return 0;
                }
        }
        names = list_names(&noun->filters[0].key, sizeof(noun->filters[0]), noun->n_filters);
        if (!names)
                return -ENOMEM;
        return refuse(ret_error, "unknown filter '%s' for %s, expected one of %s", key, noun->name, names);
}

/* "complete, truncated or …" for a filter of words, else what the parser said. */
static int refuse_value(const struct filter *f, const char *value, const char *expected, char **ret_error)
{
        _cleanup_free_ char *words = NULL;

        if (!f->words)
                return refuse(ret_error, "%s '%s': expected %s", f->key, value, expected);
        words = list_names(f->words->words, sizeof(char *), f->words->n);
        if (!words)
                return -ENOMEM;
        return refuse(ret_error, "%s '%s': expected %s", f->key, value, words);
}

static int add_filter(struct query *q, const struct query_filter *given, char **ret_error)
{
        const char *expected = "another value";
        const struct filter *f;
        struct term *t;
        size_t i = 0;
        int r = find_filter(q->noun, given->key, &i, ret_error);

        if (r < 0)
                return r;
        f = &q->noun->filters[i];
        t = &q->terms[i];
        if (f->single && t->n > 0)
                return refuse(ret_error, "%s '%s': given twice, expected once", f->key, given->value);
        t->filter = f;
        r = filter_parse(f, given->value, q, t, &expected);
        return r == -EINVAL ? refuse_value(f, given->value, expected, ret_error) : r;
}

static struct query *query_alloc(const struct noun *noun, instant_t now)
{
        struct query *q = calloc(1, sizeof(*q));
        struct term *terms = calloc(noun->n_filters, sizeof(*terms));

        if (!q || !terms) {
                free(q);
                free(terms);
                return NULL;
        }
        *q = (struct query){.noun = noun,
                            .terms = terms,
                            .now = now,
                            .continuity = CONTINUITY_DEFAULTS,
                            .limit = -1};
        return q;
}

int query_new(const char *noun, const struct query_filter *filters, size_t n, instant_t now,
              struct query **ret, char **ret_error)
{
        const struct noun *found = find_noun(noun);
        _cleanup_(query_freep) struct query *q = NULL;
        const char *wrong;

        if (!found)
                return refuse_noun(noun, ret_error);
        q = query_alloc(found, now);
        if (!q)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int r = add_filter(q, &filters[i], ret_error);

                if (r < 0)
                        return r;
        }
        if (found->check && (wrong = found->check(q)))
                return refuse(ret_error, "%s: %s", noun, wrong);
        *ret = TAKE_PTR(q);
        return 0;
}

void query_set_continuity(struct query *q, const struct continuity_rules *rules)
{
        q->continuity = *rules;
}

static int set_instant(struct query *q, const char *key, instant_t t)
{
        for (size_t i = 0; i < q->noun->n_filters; i++) {
                const struct filter *f = &q->noun->filters[i];
                struct term *term = &q->terms[i];

                if (strcmp(f->key, key) != 0 || f->type != FILTER_INSTANT || term->n > 0)
                        continue;
                term->values = calloc(1, sizeof(*term->values));
                if (!term->values)
                        return -ENOMEM;
                term->values->integer = t;
                term->filter = f;
                term->n = 1;
                return 0;
        }
        return -EINVAL;
}

int query_set_period(struct query *q, instant_t from, instant_t to)
{
        int r = set_instant(q, "from", from);

        return r < 0 ? r : set_instant(q, "to", to);
}

void composition_begin(struct composition *p)
{
        *p = (struct composition){.sql = sqlite3_str_new(NULL)};
}

void composition_done(struct composition *p)
{
        sqlite3_free(sqlite3_str_finish(p->sql));
        free(p->values);
}

void composition_add(struct composition *p, const char *fragment)
{
        sqlite3_str_appendall(p->sql, fragment);
}

void composition_bind(struct composition *p, struct value v)
{
        if (p->n == p->allocated) {
                size_t n = p->allocated ? 2 * p->allocated : 16;
                struct value *values = realloc(p->values, n * sizeof(*values));

                if (!values) {
                        p->failed = true;
                        return;
                }
                p->values = values;
                p->allocated = n;
        }
        p->values[p->n++] = v;
}

static void bind_term_value(struct composition *p, const struct filter *f, const struct term_value *v)
{
        switch (f->type) {
        case FILTER_TEXT:
        case FILTER_GLOB:
                composition_bind(p, RAW_TEXT(v->text));
                break;
        case FILTER_SHA256:
                composition_bind(p, DIGEST(v->low));
                composition_bind(p, DIGEST(v->high));
                break;
        case FILTER_DAY:
                composition_bind(p, INTEGER(v->integer));
                composition_bind(p, INTEGER(v->end));
                break;
        default:
                composition_bind(p, INTEGER(v->integer));
        }
}

void composition_term(struct composition *p, const struct term *t)
{
        for (size_t i = 0; i < t->n; i++) {
                composition_add(p, i == 0 ? " AND (" : " OR ");
                composition_add(p, t->filter->sql);
                bind_term_value(p, t->filter, &t->values[i]);
        }
        if (t->n > 0)
                composition_add(p, ")");
}

int composition_prepare(struct composition *p, struct catalogue *c, sqlite3_stmt **ret)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r;

        if (p->failed || sqlite3_str_errcode(p->sql) != SQLITE_OK)
                return catalogue_refuse(c, ENOMEM, "no memory for a query");
        r = statement_new(c, sqlite3_str_value(p->sql), &s);
        if (r < 0)
                return r;
        r = statement_bind(c, s, p->values, p->n);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

static int prepare_rows(struct catalogue *c, const struct query *q, sqlite3_stmt **ret)
{
        _cleanup_(composition_done) struct composition p;

        composition_begin(&p);
        composition_add(&p, q->noun->select);
        for (size_t i = 0; i < q->noun->n_filters; i++)
                if (q->noun->filters[i].sql)
                        composition_term(&p, &q->terms[i]);
        composition_add(&p, q->noun->order);
        composition_add(&p, " LIMIT ?");
        composition_bind(&p, INTEGER(q->limit));
        return composition_prepare(&p, c, ret);
}

static int run_rows(struct catalogue *c, const struct query *q,
                    int (*on_row)(void *userdata, const char *json), void *userdata)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
        int r = prepare_rows(c, q, &s);

        if (r < 0)
                return r;
        while ((r = statement_step(c, s)) > 0) {
                r = on_row(userdata, (const char *)sqlite3_column_text(s, 0));
                if (r != 0)
                        return r;
        }
        return r;
}

/* Several statements that see one state of the database. */
static int run_in_snapshot(struct catalogue *c, const struct query *q,
                           int (*on_row)(void *userdata, const char *json), void *userdata)
{
        bool own = sqlite3_get_autocommit(c->db);
        int r = own ? statement_run(c, "BEGIN DEFERRED", NULL, 0) : 0;

        if (r < 0)
                return r;
        r = q->noun->run(c, q, on_row, userdata);
        if (own)
                catalogue_rollback(c); /* nothing was written; this ends the snapshot */
        return r;
}

int query_run(struct catalogue *c, const struct query *q, int (*on_row)(void *userdata, const char *json),
              void *userdata)
{
        return q->noun->run ? run_in_snapshot(c, q, on_row, userdata) : run_rows(c, q, on_row, userdata);
}
