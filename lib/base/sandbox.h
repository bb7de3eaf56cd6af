/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Locking a worker in: no new privileges, Landlock with an empty rule set (no path can be opened any more),
 * and a seccomp allow-list. In this order, before the first byte from a device or a file is parsed, and
 * before threads are made.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_action {
        SANDBOX_KILL,   /* the process dies with SIGSYS */
        SANDBOX_EACCES, /* the call fails with EACCES */
        SANDBOX_ENOTTY, /* the call fails with ENOTTY */
        SANDBOX_ENOSYS, /* the call fails with ENOSYS: the C library takes the older one */
};

struct sandbox_rule {
        const char *syscall;        /* name as in seccomp_syscall_resolve_name(3) */
        enum sandbox_action action; /* ignored for allowed ones */
        bool allow;
        /* With a mask: only where (argument number 'argument' & mask) == value. Several rules for one call
         * are alternatives; a rule without a mask is for all its arguments. */
        unsigned int argument;
        uint64_t mask;
        uint64_t value;
};

struct sandbox_state {
        int landlock_abi; /* 0: the kernel has none */
        bool no_new_privs;
        bool seccomp;
};

/* Has libcrypto make its digests, without the configuration it would read at the first one, and the C
 * library read its zone. 0, or a negative errno of the digests. */
int sandbox_warm_up(void);

/* PR_SET_NO_NEW_PRIVS, undumpable. */
int sandbox_no_new_privs(struct sandbox_state *state);

/* Landlock: every file-system access right of the kernel's ABI handled and none granted; TCP, abstract
 * sockets and signals to others too where the ABI has them. Binds the calling thread and those it makes
 * later; needs sandbox_no_new_privs() before it. A kernel without Landlock is no error: state->landlock_abi
 * stays 0 and the caller says so in the log. */
int sandbox_landlock_nothing(struct sandbox_state *state);

/* The same, but that files below 'folder' can be read and, when 'writable', made, written, named and taken
 * away. A kernel whose Landlock lets nobody name a file in another folder counts as one without. */
int sandbox_landlock_folder(int folder, bool writable, struct sandbox_state *state);

/* The same, but that one file or device can be opened to be read and, when 'writable', to be written; 'file'
 * is any descriptor of it, O_PATH as well. Commands to it are allowed if it is a device. 'signals': Landlock
 * lets those to others pass, also the one that a child gets at this process's death (PR_SET_PDEATHSIG); the
 * caller's filter has to know to whom. */
int sandbox_landlock_file(int file, bool writable, bool signals, struct sandbox_state *state);

/* What a program that is not ours needs of one path. */
struct sandbox_path {
        int fd; /* any descriptor of it, O_PATH as well */
        bool is_folder, writable, executable;
};

/* The same, but that these can be read, what is below those that are folders as well; 'writable' is for
 * files, and 'executable' also for what is below. */
int sandbox_landlock_paths(const struct sandbox_path *paths, size_t n, struct sandbox_state *state);

/* Loads the allow-list for all threads. Whatever is not in it kills. A name this libseccomp does not know is
 * skipped. With -Dtestbed=true the calls of umockdev and of the sanitizers are added. */
int sandbox_seccomp(const struct sandbox_rule *rules, size_t n, struct sandbox_state *state);

/* The same for a program that is not ours and may be of another version: what is not in the list fails with
 * EPERM, and the program goes on. Its exec is one of the calls that have to be in the list. */
int sandbox_seccomp_program(const struct sandbox_rule *rules, size_t n, struct sandbox_state *state);

/* Soft and hard limits: address space in bytes, CPU seconds (SIGXCPU, then SIGKILL a second later), and
 * always no core file and no file that grows (SIGXFSZ). 0 leaves one of the two alone. */
int sandbox_limits(uint64_t memory_bytes, unsigned int cpu_seconds);

/* The address space alone, for who writes files; no core file either. */
int sandbox_limit_memory(uint64_t bytes);
