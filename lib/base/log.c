// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Log sinks. Workers inherit the daemon's standard error, which is the journal's stream or a file of a test;
 * a worker inside its sandbox cannot open the journal's socket, so it uses the console sink with the "<N>"
 * prefix the journal understands.
 */
#include "base/log.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

enum { FIELDS_MAX = 32, TEXT_MAX = 2048, LINE_MAX_BYTES = 8192 };

static enum log_target target = LOG_TARGET_CONSOLE;
static char program_name[32] = "recdock";
static int max_priority = LOG_INFO;

/* $JOURNAL_STREAM names device and inode of the stream a service's standard error is connected to
 * (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long dev, ino;
        struct stat st;

        if (!stream || sscanf(stream, "%llu:%llu", &dev, &ino) != 2 || fstat(STDERR_FILENO, &st) < 0)
                return false;
        return st.st_dev == dev && st.st_ino == ino;
}

int log_open(const char *program, const char *word)
{
        static const char *const words[] = {"auto", "journal", "console", "json"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (strcmp(word, words[i]) != 0)
                        continue;
                target = (enum log_target)i;
                if (target == LOG_TARGET_AUTO)
                        target = stderr_is_journal() ? LOG_TARGET_JOURNAL : LOG_TARGET_CONSOLE;
                (void)snprintf(program_name, sizeof(program_name), "%s", program);
                return 0;
        }
        return -EINVAL;
}

void log_set_max_priority(int priority)
{
        max_priority = priority;
}

int log_max_priority(void)
{
        return max_priority;
}

const char *log_errno_text(int negative_errno)
{
        static _Thread_local char buf[128];

        return strerror_r(negative_errno < 0 ? -negative_errno : negative_errno, buf, sizeof(buf));
}

static void write_line(const char *line, size_t size)
{
        while (size > 0) {
                ssize_t n = write(STDERR_FILENO, line, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return; /* nowhere left to say it */
                line += n;
                size -= (size_t)n;
        }
}

static void console_write(int priority, const char *text)
{
        static const char *const names[] = {"emerg",   "alert",  "crit", "error",
                                            "warning", "notice", "info", "debug"};
        char line[LINE_MAX_BYTES];
        int n;

        if (getenv("JOURNAL_STREAM"))
                n = snprintf(line, sizeof(line), "<%d>%s\n", priority, text);
        else
                n = snprintf(line, sizeof(line), "%s: %s: %s\n", program_name, names[priority & 7], text);
        write_line(line, MIN((size_t)n, sizeof(line) - 1));
}

/* Appends a JSON string (RFC 8259 section 7). What does not fit is cut between characters; what is not UTF-8
 * becomes '?'. */
static void json_string(char *line, size_t size, size_t *used, const char *s)
{
        char piece[8];

        while (*s && *used + sizeof(piece) < size) {
                size_t length = text_utf8_sequence(s);
                unsigned char c = (unsigned char)*s;
                int n = length > 1              ? snprintf(piece, sizeof(piece), "%.*s", (int)length, s)
                        : length == 0           ? snprintf(piece, sizeof(piece), "?")
                        : c == '"' || c == '\\' ? snprintf(piece, sizeof(piece), "\\%c", c)
                        : c < 0x20              ? snprintf(piece, sizeof(piece), "\\u%04x", c)
                                                : snprintf(piece, sizeof(piece), "%c", c);

                memcpy(line + *used, piece, (size_t)n);
                *used += (size_t)n;
                s += length > 0 ? length : 1;
        }
}

static void json_member(char *line, size_t size, size_t *used, const char *name, const char *value)
{
        if (*used + strlen(name) + 16 >= size)
                return;
        *used += (size_t)snprintf(line + *used, size - *used, "%s\"%s\":\"", *used > 1 ? "," : "", name);
        json_string(line, size - 4, used, value);
        line[(*used)++] = '"';
}

static void json_write(int priority, const char *id, const struct log_field *fields, size_t n,
                       const char *text)
{
        char line[LINE_MAX_BYTES] = "{", number[8];
        size_t used = 1;

        (void)snprintf(number, sizeof(number), "%d", priority);
        json_member(line, sizeof(line), &used, "PRIORITY", number);
        json_member(line, sizeof(line), &used, "SYSLOG_IDENTIFIER", program_name);
        json_member(line, sizeof(line), &used, "MESSAGE", text);
        if (id)
                json_member(line, sizeof(line), &used, "MESSAGE_ID", id);
        for (size_t i = 0; i < n; i++)
                if (fields[i].value)
                        json_member(line, sizeof(line), &used, fields[i].name, fields[i].value);
        line[used++] = '}';
        line[used++] = '\n';
        write_line(line, used);
}

static void journal_add(struct iovec *iov, size_t *n, const char *name, const char *value)
{
        char *s;
        int size = asprintf(&s, "%s=%s", name, value);

        if (size >= 0)
                iov[(*n)++] = (struct iovec){s, (size_t)size};
}

static void journal_write(int priority, const char *id, const struct log_field *fields, size_t n,
                          const char *text)
{
        struct iovec iov[FIELDS_MAX + 4];
        size_t count = 0;
        char number[8];
        int r;

        (void)snprintf(number, sizeof(number), "%d", priority);
        journal_add(iov, &count, "PRIORITY", number);
        journal_add(iov, &count, "SYSLOG_IDENTIFIER", program_name);
        journal_add(iov, &count, "MESSAGE", text);
        if (id)
                journal_add(iov, &count, "MESSAGE_ID", id);
        for (size_t i = 0; i < n && i < FIELDS_MAX; i++)
                if (fields[i].value)
                        journal_add(iov, &count, fields[i].name, fields[i].value);
        r = sd_journal_sendv(iov, (int)count);
        for (size_t i = 0; i < count; i++)
                free(iov[i].iov_base);
        if (r < 0)
                console_write(priority, text);
}

void log_record(int priority, const char *message_id, const struct log_field *fields, size_t n_fields,
                const char *format, ...)
{
        char text[TEXT_MAX];
        va_list ap;
        int saved = errno;

        if (priority > max_priority)
                return;
        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        text_make_printable(text); /* one record is one line, whoever the names in it came from */
        if (target == LOG_TARGET_JOURNAL)
                journal_write(priority, message_id, fields, n_fields, text);
        else if (target == LOG_TARGET_JSON)
                json_write(priority, message_id, fields, n_fields, text);
        else
                console_write(priority, text);
        errno = saved;
}
