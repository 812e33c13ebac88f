/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_UTIL_DETACH_H
#define RTLA_STALL_UTIL_DETACH_H

/*
 * What a process of our own does first, when it is to outlive whatever ends us, or leave what ends us to us.
 */

/** detach_signals() - signals that end or stop programs are ignored, and none is blocked */
void detach_signals(void);

/**
 * detach_standard_files() - let go of input, output and errors: whoever reads them must not wait for us
 * @kept: one of them that has another use; -1
 */
void detach_standard_files(int kept);

/** detach_session() - of its own: signals, session, comm, directory, standard files */
void detach_session(const char *name, int kept);

#endif
